import ChatCore
import EntryText
import HTTP1

/// What is wrong with a request as HTTP, before its row's shapes are asked; its raw value is the problem's `code`.
enum RequestRefusal: String, CaseIterable {
  case invalidPath = "invalid_path"
  case pathNotFound = "path_not_found"
  case methodNotAllowed = "method_not_allowed"
  case invalidQuery = "invalid_query"
  case unsupportedMediaType = "unsupported_media_type"
  case rangeNotSatisfiable = "range_not_satisfiable"

  var status: Int {
    switch self {
    case .invalidPath, .invalidQuery: 400
    case .pathNotFound: 404
    case .methodNotAllowed: 405
    case .unsupportedMediaType: 415
    case .rangeNotSatisfiable: 416
    }
  }

  private var sentence: String {
    switch self {
    case .invalidPath: "The path is not percent-encoded UTF-8 as RFC 3986 asks."
    case .pathNotFound: "There is nothing at this path; see /openapi.json."
    case .methodNotAllowed: "This path does not take this method; Allow names those that it takes."
    case .invalidQuery: "The query is not percent-encoded UTF-8, or has too many parameters."
    case .rangeNotSatisfiable: "The range begins after the end; Content-Range says how long it is."
    case .unsupportedMediaType: "The body must be JSON: send Content-Type: application/json."
    }
  }

  /// The problem, with a sentence of its own where one is known.
  func problem(_ detail: String? = nil) -> Problem { Problem(status, rawValue, detail ?? sentence) }
}

extension Response {
  /// The problem that says why the server itself refused a request; it closes the connection, as `Response(_:)` does.
  ///
  /// - Parameters:
  ///   - head: of the request, as far as it had arrived; gives the request's id and lets a page of a listed origin read
  ///     the refusal.
  ///   - crossOrigin: which pages may.
  public init(problem refusal: Refusal, head: RequestHead? = nil, crossOrigin: CrossOriginPolicy? = nil) {
    let problem = Problem(
      refusal.status.code, refusal.code, refusal.reason,
      retryAfter: refusal.retryAfterSeconds.map { Milliseconds($0) * 1_000 })
    self.init(problem: problem, head: head, crossOrigin: crossOrigin)
    closesConnection = true
  }

  /// A problem that no row of the catalog says.
  public init(problem: Problem, head: RequestHead?, crossOrigin: CrossOriginPolicy? = nil) {
    let exchange = Exchange(head)
    self = exchange.response(problem, [:])
    crossOrigin?.apply(to: &self, origin: head?.headers["origin"])
    headers.append("X-Request-ID", exchange.requestID)
    headers.append("X-Content-Type-Options", "nosniff")
  }
}
