import Glibc

/// Starts programs in process groups of their own: what interrupts the tests at the terminal is not for them.
enum ChildProcess {
  /// Starts `command` with its output appended to `log`; the environment is ours without its `MARTLET_` settings, since
  /// what the tests themselves were given is not for the nodes, and `environment`.
  static func spawn(_ command: [String], environment: [String: String], log: String) throws -> pid_t {
    let inherited = variables().filter { !$0.key.hasPrefix("MARTLET_") }
    return try spawn(command, environment: inherited.merging(environment) { _, own in own }, output: log)
  }

  /// Starts `command` with our environment or the one that is given, without input and output unless they are named;
  /// output is appended to a file.
  static func spawn(
    _ command: [String], environment: [String: String]? = nil, input: CInt? = nil, output: String? = nil
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Swift's runtime blocks signals on some threads; a child must not inherit that, or it never hears SIGTERM.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawnattr_setpgroup(&attributes, 0)
    return try withStrings(command) { arguments in
      try withStrings((environment ?? variables()).map { "\($0.key)=\($0.value)" }) { variables in
        var process: pid_t = 0
        let code = posix_spawnp(&process, command.first ?? "", &actions, &attributes, arguments, variables)
        guard code == 0 else { throw PrivatePostgres.Failure(what: "\(command.first ?? ""): error \(code)") }
        return process
      }
    }
  }

  /// Runs a program to its end; throws with its output when it fails or does not end in time.
  static func run(_ command: [String], environment: [String: String], log: String) throws {
    let process = try spawn(command, environment: environment, log: log)
    var status: CInt = 0
    for _ in 0..<1_500 {
      if waitpid(process, &status, WNOHANG) == process {
        guard status == 0 else { throw failure(command, log) }
        return
      }
      usleep(20_000)
    }
    kill(process, SIGKILL)
    waitpid(process, &status, 0)
    throw failure(command, log)
  }

  private static func failure(_ command: [String], _ log: String) -> PrivatePostgres.Failure {
    PrivatePostgres.Failure(what: "\(command.joined(separator: " ")):\n\(PrivatePostgres.contents(of: log))")
  }

  private static func variables() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let line = entry.pointee {
      let parts = String(cString: line).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }

  private static func withStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Value
  ) rethrows -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return try body(copies + [nil])
  }
}
