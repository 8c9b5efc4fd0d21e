import HTTP1
import JSONText

/// What operators and load balancers ask of every node, beside the API: three paths without a row in the catalog.
///
/// - `/healthz`: the process lives; 200 as long as its loops run. Asks neither PostgreSQL nor Redis, whose absence a
///   restart would not heal.
/// - `/readyz`: 200 when new clients may come, 404 while the node takes its leave (the balancer then sends them
///   elsewhere).
/// - `/metrics`: Prometheus' text format.
struct Probes {
  static let health = "/healthz"
  static let readiness = "/readyz"
  static let metrics = "/metrics"

  let readiness: Readiness
  let board: MetricsBoard
  /// Whether metrics are told here: at the operators' door, if there is one.
  let tellsMetrics: Bool

  /// The answer to a path of these; nil for all others.
  func answer(_ path: String) async -> Response? {
    switch path {
    case Probes.health: Probes.answer(.ok, "ok")
    case Probes.readiness: readiness.isReady ? Probes.answer(.ok, "ready") : Probes.answer(.notFound, "draining")
    case Probes.metrics where tellsMetrics: Probes.metrics(await board.text())
    default: nil
    }
  }

  private static func metrics(_ text: String) -> Response {
    Response(
      .ok, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"],
      body: Array(text.utf8))
  }

  private static func answer(_ status: Status, _ word: String) -> Response {
    var writer = JSONWriter()
    writer.object { $0.member("status", word) }
    return Response(
      status, headers: ["Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"],
      body: writer.finish())
  }
}

extension SharedParts {
  /// The probes at the operators' door or at the clients'.
  func probes(isOperators: Bool) -> Probes {
    Probes(
      readiness: readiness, board: metrics,
      tellsMetrics: isOperators || configuration.serving.probeListen == nil)
  }
}
