import Glibc

/// A run of `martlet` with some arguments, such as `import`, as a child process of a test.
///
/// - Isolation: used by one test at a time.
public final class CommandProcess: @unchecked Sendable {
  private var pid: pid_t
  private let log: String
  private let leash: Leash

  fileprivate init(_ command: [String], environment: [String: String], log: String, leash: Leash) throws {
    self.log = log
    self.leash = leash
    pid = try ChildProcess.spawn(command, environment: environment, log: log)
    leash.hold(pid)
  }

  /// What it has printed.
  public var output: String { PrivatePostgres.contents(of: log) }

  /// Kills it as a crash does, and waits until it is gone; false when it had ended by itself.
  public func kill9() -> Bool {
    kill(pid, SIGKILL)
    var status: CInt = 0
    waitpid(pid, &status, 0)
    leash.release(pid)
    return status & 0x7F == SIGKILL
  }

  /// Waits until it has ended, at most three minutes: a search for a rate takes half of one where nothing else runs.
  ///
  /// - Throws: ``PrivatePostgres/Failure`` with what it has printed, when it does not end or a signal ends it.
  public func exitCode() async throws -> Int {
    for _ in 0..<9_000 {
      var status: CInt = 0
      if waitpid(pid, &status, WNOHANG) == pid {
        leash.release(pid)
        guard status & 0x7F == 0 else { break }
        return Int(status >> 8) & 0xFF
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw PrivatePostgres.Failure(what: "a command did not end by itself:\n\(output)")
  }
}

extension CommandProcess {
  /// Starts `martlet` in a directory of its own, without a cluster; for commands that are clients.
  public static func client(_ arguments: [String]) throws -> CommandProcess {
    let directory = try LocalCluster.temporaryDirectory()
    return try CommandProcess(
      [try LocalCluster.binary()] + arguments, environment: [:], log: "\(directory)/command.log",
      leash: try Leash(removing: directory))
  }
}

extension LocalCluster {
  /// Starts `martlet` with the settings of the nodes, and others over them.
  public func command(_ arguments: [String], settings: [String: String] = [:]) throws -> CommandProcess {
    try CommandProcess(
      [try LocalCluster.binary()] + arguments, environment: environment.merging(settings) { $1 },
      log: "\(directory)/command-\(UInt32.random(in: 0 ... .max)).log", leash: leash)
  }
}
