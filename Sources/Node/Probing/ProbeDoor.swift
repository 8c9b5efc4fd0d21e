import HTTP1
import IORuntime
import Serving

/// The operators' door: the ``Probes`` at an address of their own, in plain HTTP even where clients speak TLS. It opens
/// before the database is there, so that a node which waits for it is not taken for dead, and closes with the process.
///
/// - Limits: ``connectionsMax``.
/// - Isolation: its loop.
final class ProbeDoor: HTTPHandler, @unchecked Sendable {
  /// Scrapers, balancers and supervisors, some connections each; clients have no business here.
  static let connectionsMax = 64

  private let probes: Probes

  private init(_ probes: Probes) { self.probes = probes }

  /// Serves at the address of the settings, if they name one.
  ///
  /// - Returns: the server, which serves for as long as it is held.
  static func open(_ shared: SharedParts, on loop: EventLoop) throws -> HTTPServer? {
    guard let place = shared.configuration.serving.probeListen else { return nil }
    var limits = shared.configuration.servingLimits(loops: 1)
    limits.connectionsMax = connectionsMax
    limits.connectionsPerAddressMax = connectionsMax
    let server = HTTPServer(loop: loop, limits: limits, handler: ProbeDoor(shared.probes(isOperators: true)))
    let listener = try Listener.open(
      .ip(host: place.host, port: place.port), asSaidBy: "MARTLET_PROBE_LISTEN", on: loop, isFirst: true)
    try server.serve(listener)
    shared.logger.info("probes", .text("address", "\(listener.address)"))
    return server
  }

  func respond(to request: Request) async -> Response {
    await probes.answer(request.path)
      ?? Response(Refusal(404, "path_not_found", "Here are /healthz, /readyz and /metrics."))
  }
}
