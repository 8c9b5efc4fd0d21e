import ChatCore
import Client
import HTTP1
import IORuntime

/// The node that runs by the same settings as this command does, asked from beside it: in its container, or its unit.
///
/// - Isolation: its loop.
struct OwnNode {
  /// For one answer; a loop that has been busy for longer is as good as dead.
  static let patience: Milliseconds = 2_000

  private let client: HTTPClient

  /// - Throws: ``StartFailure`` when it is not to be asked without TLS.
  init(_ serving: ServingConfiguration, on loop: EventLoop) throws(StartFailure) {
    guard let door = serving.probeListen ?? (serving.certificateFile == nil ? serving.listen : nil) else {
      throw StartFailure("The node speaks TLS only: set MARTLET_PROBE_LISTEN, such as 127.0.0.1:8081.")
    }
    let host = door.isAny ? (door.host.contains(":") ? "::1" : "127.0.0.1") : door.host
    client = HTTPClient(loop: loop, address: .ip(host: host, port: door.port), host: "martlet")
  }

  /// The status of `/healthz` or `/readyz`.
  func status(_ path: String) async throws(CallFailure) -> Int {
    try await client.call(.get, path, deadline: OwnNode.patience).status
  }

  /// How many clients hold a session by WebSocket or by polling.
  func clients() async throws(CallFailure) -> Int {
    let reply = try await client.call(.get, Probes.metrics, deadline: OwnNode.patience)
    return OwnNode.clients(in: String(decoding: reply.body, as: UTF8.self))
  }

  /// Of a text of metrics: a WebSocket is counted once, whatever is spoken on it.
  static func clients(in metrics: String) -> Int {
    let names = ["martlet_websockets ", #"martlet_engine_sessions{transport="polling"} "#]
    return metrics.split(separator: "\n").reduce(0) { sum, line in
      guard let name = names.first(where: line.hasPrefix), let count = Int(line.dropFirst(name.count)) else {
        return sum
      }
      return sum + count
    }
  }

  func close() { client.close() }
}
