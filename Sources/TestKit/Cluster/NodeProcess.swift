import Glibc
import IORuntime

/// One node of a cluster under test, as a child process.
///
/// - Isolation: used by one test at a time; ``start()`` and ``waitForExit(_:)`` suspend, the signals do not.
public final class NodeProcess: @unchecked Sendable {
  /// What a node does.
  public enum Role: String, Sendable, CaseIterable {
    /// REST.
    case api
    /// Sockets.
    case socket
  }

  /// Which part it plays.
  public let role: Role
  /// Its number among those of its role.
  public let index: Int
  /// Where it serves; stays the same over restarts.
  public let address: SocketAddress
  /// Its process; 0 when it does not run.
  public private(set) var pid: pid_t = 0
  /// Where its log is.
  public let logPath: String

  private let command: [String]
  private let environment: [String: String]
  private let leash: Leash

  init(
    role: Role, index: Int, port: UInt16, binary: String, environment: [String: String],
    own given: [String: String] = [:],
    directory: String, leash: Leash
  ) {
    self.role = role
    self.index = index
    self.leash = leash
    address = .ip(host: "127.0.0.1", port: port)
    logPath = "\(directory)/\(role.rawValue)-\(index).log"
    command = [binary, role.rawValue]
    var own = ["MARTLET_LISTEN": "127.0.0.1:\(port)", "MARTLET_NODE_ID": "\(role.rawValue)-\(index)"]
    if role == .socket { own["MARTLET_PRIVATE_LISTEN"] = "127.0.0.1:0" }
    self.environment = environment.merging(own) { $1 }.merging(given) { $1 }
  }

  /// Starts the process if it does not run and waits until `/readyz` answers 200.
  ///
  /// - Throws: ``PrivatePostgres/Failure`` with the end of its log when it ends, or is not ready in time.
  public func start() async throws {
    try launch()
    let isReady = try await Probe.wait {
      if hasEnded() { throw PrivatePostgres.Failure(what: "\(name) ended at its start:\n\(logTail())") }
      return await Probe.status(address, "/readyz") == 200
    }
    if !isReady { throw PrivatePostgres.Failure(what: "\(name) is not ready after a minute:\n\(logTail())") }
  }

  /// Starts the process if it does not run.
  public func launch() throws {
    guard pid == 0 else { return }
    pid = try ChildProcess.spawn(command, environment: environment, log: logPath)
    leash.hold(pid)
  }

  /// `socket-1`.
  public var name: String { "\(role.rawValue)-\(index)" }

  /// Whether the process is there.
  public var isRunning: Bool { pid > 0 && !hasEnded() }

  /// Kills it as a crash does, and waits until it is gone.
  public func kill9() {
    signal(SIGKILL)
    guard pid > 0 else { return }
    var status: CInt = 0
    waitpid(pid, &status, 0)
    reaped()
  }

  /// Stops it: its connections stay open and nothing answers.
  public func stop() { signal(SIGSTOP) }

  /// Lets it go on.
  public func cont() { signal(SIGCONT) }

  /// Asks it to leave.
  public func term() { signal(SIGTERM) }

  /// How a process ended.
  public enum Exit: Sendable, Equatable {
    /// By itself, with a code.
    case code(Int)
    /// By a signal: a crash or a kill.
    case signal(Int)
  }

  /// Waits until it has ended, at most that many milliseconds; nil when it still runs.
  public func waitForExit(_ milliseconds: Int) async -> Exit? {
    for _ in 0..<max(1, milliseconds / 20) {
      if let exit = reap() { return exit }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return nil
  }

  /// The last lines of its log.
  public func logTail(_ lines: Int = 25) -> String {
    PrivatePostgres.contents(of: logPath).split(separator: "\n").suffix(lines).joined(separator: "\n")
  }

  // MARK: Insides

  private func signal(_ number: CInt) { if pid > 0 { kill(pid, number) } }

  private func hasEnded() -> Bool {
    guard pid > 0 else { return true }
    var info = siginfo_t()
    // Looks without reaping, so that the exit is still there for who waits for it.
    guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return true }
    return info.si_signo != 0
  }

  private func reap() -> Exit? {
    var status: CInt = 0
    guard pid > 0, waitpid(pid, &status, WNOHANG) == pid else { return nil }
    reaped()
    return status & 0x7F == 0 ? .code(Int(status >> 8) & 0xFF) : .signal(Int(status & 0x7F))
  }

  private func reaped() {
    leash.release(pid)
    pid = 0
  }
}
