import PostgresStore

extension Program {
  /// All of them, in the order in which they are shown.
  static let rows: [Subcommand] = [
    .init(name: "api", usage: "", summary: "Serves REST.") { Serve.run(.api, $0) },
    .init(name: "socket", usage: "", summary: "Holds connections.") { Serve.run(.socket, $0) },
    .init(name: "all", usage: "", summary: "Both in one process.") { Serve.run(.all, $0) },
    .init(name: "dev", usage: "", summary: "Both, in memory, without PostgreSQL and Redis; not for production.") {
      Serve.run(.dev, $0)
    },
    .init(
      name: "migrate", usage: "[--citus [--shards N]]", summary: "Brings the schema up to date; shards it on a Citus.",
      options: [
        "--citus     cuts the tables into shards, where they are not yet",
        "--shards N  into so many, 1 to \(Migrator.shardsMax) (\(Migrator.shardsDefault))",
      ]
    ) {
      Migrate.run($0)
    },
    .init(
      name: "import", usage: "[options] <file|->", summary: "Takes over another system's users and messages.",
      options: [
        "--source NAME                   the system that they come from: a to z, digits and - (import)",
        "--existing refuse|reuse|rename  what is done when somebody else has a user's name (refuse)",
        "--names refuse|rename           what is done with a name that is not allowed here (refuse)",
        "--strict                        ends at the first line that is refused",
        "--dry-run                       checks the file and looks names up, and stores nothing",
        "Exit code 3: lines were refused, the rest went in; 1: it ended before the end, run it again.",
      ]
    ) { Import.run($0) },
    .init(
      name: "doctor", usage: "[--live|--ready|--logs]",
      summary: "Checks settings, PostgreSQL, Redis, schema, clock; that the node beside it lives, is ready; all logs.",
      options: [
        "--live   exit code 0 when it lives", "--ready  exit code 0 when it takes clients; 1 while it begins or leaves",
        "--logs   also looks for heads and counters that are behind their logs",
      ]
    ) { Doctor.run($0) },
    .init(
      name: "drain", usage: "[--wait] [options]",
      summary: "Has the node beside it step aside: --pid N (1), --wait until its clients have gone, --least S seconds.",
      options: [
        "--pid N    the node's process (1, the first one of a container)",
        "--wait     until no client is left, and no longer than MARTLET_DRAIN_GRACE_S",
        "--least S  but for so many seconds at least, 0 to \(LeaveOrder.leastSecondsMax), while balancers learn of it",
      ]
    ) { LeaveOrder.run($0) },
    .init(name: "token", usage: "<username>", summary: "Opens a session for a user and prints its tokens.") {
      Token.run($0)
    },
    .init(
      name: "settings", usage: "[--markdown]", summary: "Lists every setting with its default and reason.",
      options: ["--markdown  as deploy/settings.md has them"]
    ) { Settings.run($0) },
    .init(name: "listen", usage: "<url> <token>", summary: "Prints a user's events as they come, from now on.") {
      Listen.run($0)
    },
    .init(
      name: "bench", usage: "<scenario> --target <url>", summary: "Measures a server under load.", hasOwnHelp: true
    ) { BenchRun.run($0) },
    .init(name: "version", usage: "", summary: "Prints the version.") { invocation in
      guard invocation.arguments.isEmpty else { return Program.refuse("version takes no arguments.") }
      Terminal.print("martlet \(Version.text)")
      return 0
    },
  ]
}
