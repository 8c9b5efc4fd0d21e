import ChatCore
import EntryText
import HTTP1
import JSONText

/// One request on its way: what its answer, the log and the metrics will say. Confined to the task that answers it.
final class Exchange {
  let requestID: String
  /// Its span and those of its parts, if it is traced.
  let scope: TraceScope?
  private let traceID: String?
  private let method: Method
  private let begunAt: Milliseconds
  var route = "unknown"
  /// The row's path with its parameters in braces.
  var path: String?
  var user: UserID?
  var rateHeaders: HeaderFields = [:]
  var code: String?
  var fault: String?

  init(_ request: Request, begunAt: Milliseconds, _ tracer: (any Tracer)?, random: () -> UInt64) {
    self.begunAt = begunAt
    requestID = RequestID.of(request.headers, random: random)
    let parent = TraceParent(request.headers["traceparent"])
    scope = tracer?.begin(parent)
    traceID = scope?.trace ?? parent?.trace
    method = request.method
  }

  /// One whose request did not arrive whole.
  init(_ head: RequestHead?) {
    begunAt = 0
    requestID = RequestID.of(head?.headers ?? [:], random: { UInt64.random(in: .min ... .max) })
    scope = nil
    traceID = TraceParent(head?.headers["traceparent"])?.trace
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

  private var methodName: String { Exchange.methods.contains(method) ? method.rawValue : "OTHER" }

  /// Ends the span of the request, by the names of OpenTelemetry's conventions.
  func endSpan(_ response: Response) {
    guard let scope else { return }
    var facts: [(name: String, value: TraceSpan.Fact)] = [
      ("http.request.method", .text(methodName)), ("http.response.status_code", .number(Int64(response.status.code))),
    ]
    if let path { facts.append(("http.route", .text(path))) }
    if let code { facts.append(("martlet.code", .text(code))) }
    scope.end(route, facts, hasFailed: response.status.code >= 500)
  }

  func record(of response: Response, at now: Milliseconds) -> AccessRecord {
    AccessRecord(
      route: route, method: methodName, status: response.status.code, requestID: requestID, traceID: traceID,
      user: user?.rawValue, milliseconds: now - begunAt, code: code, fault: fault)
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
