import Glibc
import IORuntime

/// One node with everything in memory, as a child process: `martlet dev`.
public final class DevNode {
  /// Where it serves.
  public let address: SocketAddress
  private let pid: Int32
  private let leash: Leash
  private var isOver = false

  /// Starts it and waits until it is ready; one that speaks TLS, until it listens.
  public static func start(settings: [String: String] = [:], isSecure: Bool = false) async throws -> DevNode {
    let directory = try LocalCluster.temporaryDirectory()
    let leash = try Leash(removing: directory)
    let port = try PrivatePostgres.freePort()
    let environment = LocalCluster.settings.merging(settings) { $1 }.merging([
      "MARTLET_LISTEN": "127.0.0.1:\(port)"
    ]) { $1 }
    let log = "\(directory)/dev.log"
    let pid = try ChildProcess.spawn([try LocalCluster.binary(), "dev"], environment: environment, log: log)
    leash.hold(pid)
    let node = DevNode(.ip(host: "127.0.0.1", port: port), pid, leash)
    let isReady = try await Probe.wait {
      if node.hasEnded { return true }
      if isSecure { return await Probe.exchange(node.address, [], for: 10).isConnected }
      return await Probe.status(node.address, "/readyz") == 200
    }
    if isReady, !node.hasEnded { return node }
    let said = node.hasEnded ? "the node ended at its start" : "the node is not ready after a minute"
    throw PrivatePostgres.Failure(what: "\(said):\n\(PrivatePostgres.contents(of: log))")
  }

  private init(_ address: SocketAddress, _ pid: Int32, _ leash: Leash) {
    self.address = address
    self.pid = pid
    self.leash = leash
  }

  /// Whether it has ended by itself; it is still there for ``end()``.
  private var hasEnded: Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_signo != 0
  }

  /// Ends it, and sees it dead: a child that nobody waits for hides the ends of others from tests of exits.
  public func end() {
    guard !isOver else { return }
    isOver = true
    var status: CInt = 0
    kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
    leash.release(pid)
    leash.cut()
  }

  deinit { end() }
}
