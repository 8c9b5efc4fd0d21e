import ChatCore
import JSONText

/// A refusal as our own wires say it: RFC 9457 problem details, by HTTP and in a socket's `error` alike.
///
/// - Shape: `{"type":"urn:martlet:problem:username_taken","title":"Conflict","status":409,"detail":"…",
///   "code":"username_taken","request_id":"…","errors":[{"pointer":"/text","code":"too_long","detail":"…"}],
///   "retry_after_ms":1000}`; `errors` and `retry_after_ms` only where they matter.
/// - Source: RFC 9457; design.md section 6.
public struct Problem: Hashable, Sendable {
  /// The HTTP status; sockets carry it too.
  public let status: Int
  /// Why, for programs; stable for ever.
  public let code: String
  /// The class of problem in a few words.
  public let title: String
  /// Why, for people.
  public let detail: String
  /// Each wrong member.
  public let errors: [ChatCore.Fault]
  /// When to come back, in milliseconds.
  public let retryAfter: Milliseconds?

  /// A problem, spelled out; for what is wrong before the domain is asked.
  public init(
    _ status: Int, _ code: String, _ detail: String, errors: [ChatCore.Fault] = [], retryAfter: Milliseconds? = nil
  ) {
    self.status = status
    self.code = code
    self.title = Problem.titles[status] ?? "Problem"
    self.detail = detail
    self.errors = errors
    self.retryAfter = retryAfter
  }

  private static let titles: [Int: String] = [
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    408: "Request timeout", 409: "Conflict", 412: "Precondition failed", 413: "Too large", 414: "Target too long",
    415: "Unsupported media type", 416: "Range not satisfiable",
    417: "Expectation failed", 426: "Upgrade required", 429: "Too many requests", 431: "Header too large",
    500: "Internal error", 501: "Not implemented", 503: "Unavailable", 505: "Version not supported",
  ]

  /// Writes the problem; the request's id is left out where there is none.
  public func write(requestID: String?, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("type", "urn:martlet:problem:" + code)
      writer.member("title", title)
      writer.member("status", status)
      writer.member("detail", detail)
      writer.member("code", code)
      if let requestID { writer.member("request_id", requestID) }
      if !errors.isEmpty { writeErrors(to: &writer) }
      if let retryAfter { writer.member("retry_after_ms", retryAfter) }
    }
  }

  private func writeErrors(to writer: inout JSONWriter) {
    writer.key("errors")
    writer.array { writer in
      for error in errors {
        writer.object { writer in
          writer.member("pointer", error.pointer)
          writer.member("code", error.code)
          writer.member("detail", error.detail)
        }
      }
    }
  }
}
