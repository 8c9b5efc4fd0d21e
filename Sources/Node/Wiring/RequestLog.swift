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
  /// Asked for every message of every socket, so asked of the logger once.
  private let tellsAll: Bool
  private(set) var counts = RequestCounts()

  init(logger: Logger) {
    self.logger = logger
    tellsAll = logger.writes(.debug)
  }

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

  /// Operations of sockets are too many for a line each, unless somebody looks for a mistake; what went wrong by ours
  /// gets one.
  func record(_ done: OperationRecord) {
    guard done.fault != nil || tellsAll else { return }
    var fields: [LogField] = [
      .text("operation", done.operation), .text("outcome", done.outcome), .text("session", done.session.description),
    ]
    if let fault = done.fault { fields.append(.text("fault", fault)) }
    if let trace = done.traceID { fields.append(.text("trace_id", trace)) }
    if let user = done.user { fields.append(.number("user", user)) }
    logger.log(done.fault != nil ? .error : .debug, "operation", fields)
  }

  /// So are their ends.
  func record(_ end: SessionEnd) {
    guard tellsAll else { return }
    var fields: [LogField] = [
      .text("session", end.session.description), .text("reason", end.code?.name ?? "client_gone"),
    ]
    if let user = end.user { fields.append(.number("user", user)) }
    logger.log(.debug, "session ended", fields)
  }

  /// Requests of dialects get a line as ours do; their events as operations.
  func record(_ done: DialectRecord) {
    let isEvent = done.method == DialectRecord.event
    if !isEvent {
      counts.record(
        route: done.route, method: done.method, status: done.status, milliseconds: done.milliseconds)
    }
    guard !isEvent || done.fault != nil || tellsAll else { return }
    var fields: [LogField] = [
      .text("route", done.route), .text("method", done.method), .number("status", Int64(done.status)),
      .number("ms", done.milliseconds),
    ]
    if let trace = done.traceID { fields.append(.text("trace_id", trace)) }
    if let user = done.user { fields.append(.number("user", user)) }
    if let fault = done.fault { fields.append(.text("fault", fault)) }
    let level: LogLevel = done.fault != nil ? .error : isEvent ? .debug : .info
    logger.log(level, isEvent ? "event" : "request", fields)
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
