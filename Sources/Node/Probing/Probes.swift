import HTTP1
import JSONText

/// What operators and load balancers ask of every node, beside the API: three paths without a row in the catalog.
///
/// - `/healthz`: the process lives; 200 as long as its loops run. Asks neither PostgreSQL nor Redis, whose absence a
///   restart would not heal.
/// - `/readyz`: 200 when new clients may come, 404 while the node takes its leave (the balancer then sends them
///   elsewhere).
/// - `/metrics`: Prometheus' text format.
enum Probes {
  static let health = "/healthz"
  static let readiness = "/readyz"
  static let metrics = "/metrics"

  static func healthy() -> Response { answer(.ok, "ok") }

  static func ready(_ isReady: Bool) -> Response { answer(isReady ? .ok : .notFound, isReady ? "ready" : "draining") }

  static func metrics(_ text: String) -> Response {
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
