import API
import Dialects
import EntryText
import HTTP1
import Realtime

/// Counts what was asked of one loop and writes a line for each request.
///
/// - Isolation: one loop.
final class RequestLog: @unchecked Sendable {
  private let logger: Logger
  private(set) var counts = RequestCounts()

  init(logger: Logger) { self.logger = logger }

  func record(_ done: AccessRecord) {
    counts.record(
      route: done.route, method: done.method, status: done.status, milliseconds: done.milliseconds)
    var fields: [LogField] = [
      .text("route", done.route), .text("method", done.method), .number("status", Int64(done.status)),
      .number("ms", done.milliseconds), .text("request_id", done.requestID),
    ]
    if let trace = done.traceID { fields.append(.text("trace_id", trace)) }
    if let user = done.user { fields.append(.number("user", user)) }
    if let code = done.code { fields.append(.text("code", code)) }
    if let fault = done.fault { fields.append(.text("fault", fault)) }
    logger.log(done.status == 500 ? .error : .info, "request", fields)
  }

  /// Operations of sockets are too many for a line each; what went wrong by our own mistake gets one.
  func record(_ done: OperationRecord) {
    guard let fault = done.fault else { return }
    var fields: [LogField] = [
      .text("operation", done.operation), .text("outcome", done.outcome), .text("session", done.session.description),
      .text("fault", fault),
    ]
    if let trace = done.traceID { fields.append(.text("trace_id", trace)) }
    if let user = done.user { fields.append(.number("user", user)) }
    logger.log(.error, "operation", fields)
  }

  /// Requests of dialects get a line as ours do; their events only when it was our own mistake.
  func record(_ done: DialectRecord) {
    let isEvent = done.method == DialectRecord.event
    if !isEvent {
      counts.record(
        route: done.route, method: done.method, status: done.status, milliseconds: done.milliseconds)
    }
    guard !isEvent || done.fault != nil else { return }
    var fields: [LogField] = [
      .text("route", done.route), .text("method", done.method), .number("status", Int64(done.status)),
      .number("ms", done.milliseconds),
    ]
    if let trace = done.traceID { fields.append(.text("trace_id", trace)) }
    if let user = done.user { fields.append(.number("user", user)) }
    if let fault = done.fault { fields.append(.text("fault", fault)) }
    logger.log(done.fault != nil ? .error : .info, isEvent ? "event" : "request", fields)
  }

  /// What a node without the API answers beside its socket.
  func refuse(_ request: Request, isSocketPath: Bool, _ crossOrigin: CrossOriginPolicy) -> Response {
    let problem =
      isSocketPath
      ? Problem(426, "upgrade_required", "This path speaks WebSocket (RFC 6455), subprotocol martlet.v1.json.")
      : Problem(404, "path_not_found", "This node serves sockets only; REST is at the API nodes.")
    var response = Response(problem: problem, head: request.head, crossOrigin: crossOrigin)
    if isSocketPath { response.headers.append("Upgrade", "websocket") }
    counts.record(route: "unknown", method: request.method.rawValue, status: problem.status, milliseconds: 0)
    return response
  }
}
