import Glibc
import IORuntime

/// The edge of a cluster under test: HAProxy with the configuration that is shipped.
///
/// - Isolation: used by one test at a time.
public final class EdgeProcess: @unchecked Sendable {
  /// Where clients connect.
  public let address: SocketAddress
  private let statistics: SocketAddress
  private var pid: pid_t
  private let leash: Leash

  fileprivate init(_ address: SocketAddress, _ statistics: SocketAddress, _ pid: pid_t, _ leash: Leash) {
    self.address = address
    self.statistics = statistics
    self.pid = pid
    self.leash = leash
  }

  /// Waits until it sends to just these nodes, at most a minute; false when it does not.
  public func sends(to nodes: [NodeProcess]) async throws -> Bool {
    let wanted = nodes.flatMap {
      $0.role == .socket ? ["socket,\($0.name)", "socketio,\($0.name)"] : ["api,\($0.name)"]
    }
    return try await Probe.wait {
      let talk = await Probe.exchange(
        statistics, Array("GET /;csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8), for: 1_000)
      return EdgeProcess.up(String(decoding: talk.answer, as: UTF8.self)) == Set(wanted)
    }
  }

  /// `socket,socket-1` for each server of a back end that is up; the eighteenth column is its state.
  private static func up(_ table: String) -> Set<String> {
    var names: Set<String> = []
    for line in table.split(separator: "\n") {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count > 17, cells[17] == "UP", cells[1] != "BACKEND" else { continue }
      names.insert("\(cells[0]),\(cells[1])")
    }
    return names
  }

  /// Ends it.
  public func end() {
    guard pid > 0 else { return }
    kill(pid, SIGKILL)
    var status: CInt = 0
    waitpid(pid, &status, 0)
    leash.release(pid)
    pid = 0
  }

  deinit { end() }
}

extension LocalCluster {
  /// Whether there is an HAProxy to put before the nodes.
  public static var hasEdge: Bool { edgeBinary != nil }

  private static var edgeBinary: String? {
    ["/usr/sbin/haproxy", "/usr/bin/haproxy", "/usr/local/sbin/haproxy"].first { access($0, X_OK) == 0 }
  }

  /// `deploy/haproxy/haproxy.cfg` of the tree that these tests were built from.
  private static var edgeConfiguration: String {
    let tree = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
    return tree.joined(separator: "/") + "/deploy/haproxy/haproxy.cfg"
  }

  /// Puts HAProxy before the nodes and waits until REST and sockets go through it.
  public func startEdge() async throws -> EdgeProcess {
    guard let binary = LocalCluster.edgeBinary else { throw PrivatePostgres.Failure(what: "there is no haproxy") }
    let (port, statistics) = (try PrivatePostgres.freePort(), try PrivatePostgres.freePort())
    let backends = "\(directory)/backends.cfg"
    try write(backendLines(), to: backends)
    let pid = try ChildProcess.spawn(
      [binary, "-db", "-f", LocalCluster.edgeConfiguration, "-f", backends],
      environment: [
        "EDGE_BIND": "127.0.0.1:\(port)", "EDGE_STATISTICS": "127.0.0.1:\(statistics)", "EDGE_CONNECTIONS": "1000",
      ], log: "\(directory)/edge.log")
    leash.hold(pid)
    let edge = EdgeProcess(
      .ip(host: "127.0.0.1", port: port), .ip(host: "127.0.0.1", port: statistics), pid, leash)
    let serves = try await Probe.wait {
      // Without an upgrade the socket's path is refused, but by a node.
      let socket = await Probe.status(edge.address, "/v1/socket")
      return await Probe.status(edge.address, "/v1/info") == 200 && socket ?? 500 < 500
    }
    if serves { return edge }
    throw PrivatePostgres.Failure(
      what: "HAProxy does not serve:\n\(PrivatePostgres.contents(of: "\(directory)/edge.log"))")
  }

  private func backendLines() -> String {
    func section(_ name: String, _ nodes: [NodeProcess]) -> String {
      "backend \(name) from \(name)\n"
        + nodes.map { "    server \($0.name) \($0.address)\n" }.joined()
    }
    return section("api", api) + section("socket", socket) + section("socketio", socket)
  }

  private func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else { throw PrivatePostgres.Failure(what: path) }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw PrivatePostgres.Failure(what: path) }
  }
}
