import Client
import HTTP1
import IORuntime
import JSONText

/// Calls one API node as a program does that speaks JSON.
///
/// - Isolation: one loop.
public final class RESTClient: @unchecked Sendable {
  /// What a node answered.
  public struct Answer: Sendable {
    /// The status code.
    public let status: Int
    /// The body; null when there is none.
    public let body: JSONValue
    /// The header fields.
    public let headers: HeaderFields

    /// The problem's code, if it is one.
    public var code: String? { status >= 400 ? body["code"]?.string : nil }
  }

  private let http: HTTPClient

  /// A client of one node.
  public init(loop: EventLoop, address: SocketAddress) { http = HTTPClient(loop: loop, address: address) }

  /// Calls and reads the JSON of the answer.
  public func call(
    _ method: Method, _ path: String, _ body: JSONValue? = nil, token: String? = nil, deadline: Int64 = 10_000
  ) async throws(CallFailure) -> Answer {
    var headers: HeaderFields = [:]
    if let token { headers.append("Authorization", "Bearer \(token)") }
    if body != nil { headers.append("Content-Type", "application/json") }
    let reply = try await http.call(method, path, headers: headers, body: body?.bytes ?? [], deadline: deadline)
    return Answer(status: reply.status, body: try RESTClient.value(reply.body), headers: reply.headers)
  }

  /// Calls with a body and header fields of any kind, for what is no JSON.
  public func raw(
    _ method: Method, _ path: String, _ body: [UInt8] = [], _ headers: HeaderFields = [:], token: String
  ) async throws(CallFailure) -> Reply {
    var fields = headers
    fields.append("Authorization", "Bearer \(token)")
    return try await http.call(method, path, headers: fields, body: body)
  }

  /// A page of the longest texts has more than what is read of strangers by default.
  private static func value(_ body: [UInt8]) throws(CallFailure) -> JSONValue {
    guard !body.isEmpty else { return .null }
    do throws(JSONError) {
      return try JSONValue(parsing: body, limits: JSONLimits(bytesMax: 64 << 20))
    } catch {
      throw CallFailure("the body is no JSON: \(error)")
    }
  }

  /// The same, for what must succeed; throws with the problem when it does not.
  public func done(
    _ method: Method, _ path: String, _ body: JSONValue? = nil, token: String? = nil
  ) async throws(CallFailure) -> JSONValue {
    let answer = try await call(method, path, body, token: token)
    guard (200..<300).contains(answer.status) else {
      throw CallFailure("\(method) \(path): \(answer.status) \(answer.body.text)")
    }
    return answer.body
  }

  /// The text of a page that is no JSON.
  public func text(_ path: String) async throws(CallFailure) -> String {
    String(decoding: try await http.call(.get, path).body, as: UTF8.self)
  }
}
