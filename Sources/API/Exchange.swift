import ChatCore
import EntryText
import HTTP1
import JSONText

/// One request on its way: what its answer, the log and the metrics will say. Confined to the task that answers it.
final class Exchange {
  let requestID: String
  private let traceID: String?
  private let method: Method
  private let begunAt: Milliseconds
  var route = "unknown"
  var user: UserID?
  var rateHeaders: HeaderFields = [:]
  var code: String?
  var fault: String?

  init(_ request: Request, begunAt: Milliseconds) {
    self.begunAt = begunAt
    requestID = RequestID.of(request.headers)
    traceID = TraceID.of(request.headers)
    method = request.method
  }

  /// One whose request did not arrive whole.
  init(_ head: RequestHead?) {
    begunAt = 0
    requestID = RequestID.of(head?.headers ?? [:])
    traceID = TraceID.of(head?.headers ?? [:])
    method = head?.method ?? .get
  }

  /// The answer that says a problem.
  func response(_ problem: Problem, _ headers: HeaderFields) -> Response {
    code = problem.code
    var writer = JSONWriter()
    problem.write(requestID: requestID, to: &writer)
    var fields: HeaderFields = ["Content-Type": "application/problem+json", "Cache-Control": "no-store"]
    for (name, value) in headers { fields.append(name, value) }
    if problem.status == 401, !fields.contains("WWW-Authenticate") {
      fields.append("WWW-Authenticate", Challenge.scheme)
    }
    if let retryAfter = problem.retryAfter {
      fields.append("Retry-After", String(max(1, retryAfter.secondsUp)))
    }
    return finish(Response(Status(problem.status), headers: fields, body: writer.finish()))
  }

  /// Adds what the rate limit says.
  func finish(_ response: Response) -> Response {
    var response = response
    for (name, value) in rateHeaders where !response.headers.contains(name) { response.headers.append(name, value) }
    return response
  }

  func record(of response: Response, at now: Milliseconds) -> AccessRecord {
    AccessRecord(
      route: route, method: Exchange.methods.contains(method) ? method.rawValue : "OTHER",
      status: response.status.code, requestID: requestID, traceID: traceID, user: user?.rawValue,
      milliseconds: now - begunAt, code: code, fault: fault)
  }

  /// Those that metrics and logs name; a client may make up any number of others.
  private static let methods: Set<Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

/// Why a request was not run, on its way to the answer.
struct Refused: Error {
  let problem: Problem
  let headers: HeaderFields
  let fault: String?

  init(_ problem: Problem, _ headers: HeaderFields = [:]) {
    self.problem = problem
    self.headers = headers
    self.fault = nil
  }

  init(_ error: ChatError, _ headers: HeaderFields = [:]) {
    problem = Problem(error)
    self.headers = headers
    if case .internalError(let fault) = error { self.fault = fault } else { fault = nil }
  }
}
