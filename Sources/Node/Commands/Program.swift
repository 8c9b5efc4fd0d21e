import Glibc

/// The command line: one row a subcommand.
public struct Program: Sendable {
  /// What a subcommand is given.
  struct Invocation: Sendable {
    let arguments: [String]
    let environment: [String: String]
  }

  /// One subcommand.
  struct Subcommand: Sendable {
    let name: String
    let usage: String
    let summary: String
    let run: @Sendable (Invocation) -> Int32
  }

  static let rows: [Subcommand] = [
    .init(name: "api", usage: "", summary: "Serves REST.") { Serve.run(.api, $0) },
    .init(name: "socket", usage: "", summary: "Holds connections.") { Serve.run(.socket, $0) },
    .init(name: "all", usage: "", summary: "Both in one process.") { Serve.run(.all, $0) },
    .init(name: "dev", usage: "", summary: "Both, in memory, without PostgreSQL and Redis; not for production.") {
      Serve.run(.dev, $0)
    },
    .init(
      name: "migrate", usage: "[--citus [--shards N]]", summary: "Brings the schema up to date; shards it on a Citus."
    ) {
      Migrate.run($0)
    },
    .init(name: "import", usage: "[options] <file|->", summary: "Takes over another system's users and messages.") {
      Import.run($0)
    },
    .init(
      name: "doctor", usage: "[--live|--ready|--logs]",
      summary: "Checks settings, PostgreSQL, Redis, schema, clock; that the node beside it lives, is ready; all logs."
    ) { Doctor.run($0) },
    .init(
      name: "drain", usage: "[--wait] [options]",
      summary: "Has the node beside it step aside: --pid N (1), --wait until its clients have gone, --least S seconds."
    ) { LeaveOrder.run($0) },
    .init(name: "token", usage: "<username>", summary: "Opens a session for a user and prints its tokens.") {
      Token.run($0)
    },
    .init(name: "settings", usage: "[--markdown]", summary: "Lists every setting with its default and reason.") {
      Settings.run($0)
    },
    .init(name: "listen", usage: "<url> <token>", summary: "Prints a user's events as they come, from now on.") {
      Listen.run($0)
    },
    .init(name: "bench", usage: "<scenario> --target <url>", summary: "Measures a server under load; --help says more.")
    {
      BenchRun.run($0)
    },
    .init(name: "version", usage: "", summary: "Prints the version.") { _ in
      Terminal.print("martlet \(Version.text)")
      return 0
    },
  ]

  /// Runs what the arguments ask for.
  ///
  /// - Returns: the exit code: 0, 1 when it failed, 2 when it was asked for wrongly, 78 for wrong settings (EX_CONFIG).
  public static func run(arguments: [String], environment: [String: String]) -> Int32 {
    guard let name = arguments.first else { return refuse("Say what to run.") }
    if name == "help" || name == "--help" || name == "-h" {
      Terminal.print(help)
      return 0
    }
    guard let row = rows.first(where: { $0.name == name }) else { return refuse("There is no subcommand '\(name)'.") }
    return row.run(Invocation(arguments: Array(arguments.dropFirst()), environment: environment))
  }

  static func refuse(_ sentence: String) -> Int32 {
    Terminal.complain(sentence + "\n\n" + help)
    return 2
  }

  private static var help: String {
    let lines = rows.map { row in
      let call = "  martlet \(row.name) \(row.usage)"
      return call + String(repeating: " ", count: max(1, 34 - call.count)) + row.summary
    }
    return "Usage:\n" + lines.joined(separator: "\n") + "\nSettings are environment variables; see martlet settings."
  }
}

/// The version of this build.
enum Version {
  static let text = "0.1.0"
}

/// Writes to the terminal of the one who runs a command.
enum Terminal {
  /// Writes lines; the last one is ended if it is not.
  static func print(_ text: String) { write(text, to: 1) }

  static func complain(_ text: String) { write(text, to: 2) }

  private static func write(_ text: String, to descriptor: CInt) {
    let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count <= 0 && errno != EINTR { return }
      sent += max(0, count)
    }
  }
}
