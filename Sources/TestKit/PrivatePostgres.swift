import Glibc
import Synchronization

/// A PostgreSQL server of the test process alone: own directory, own port, gone when the process is, however it ends.
///
/// The first test that asks for ``shared()`` starts it (about two seconds); every ``database()`` is a fresh one. When
/// `MARTLET_TEST_DATABASE_URL` names a server, plain or a Citus, that one is shared, and nothing is started; tests that
/// kill or configure a server have their own all the same (``start(settings:)``, ``plain()``).
///
/// - Limits: PostgreSQL 15 from Debian's place or the PATH; started by root it runs as the user `postgres`.
/// - Isolation: thread-safe; what takes long waits on a thread of its own, so that tests beside it go on.
public final class PrivatePostgres: Sendable {
  /// Where its data and socket are; nil for a given server.
  public let directory: String?
  let server: String
  private let arguments: [String]
  private let given: GivenServer?
  let state: Mutex<State>

  struct State {
    var process: pid_t = 0
    var watchdog: Watchdog?
    var databases = 0
  }

  private static let once = Task { () throws -> PrivatePostgres in
    guard let url = environment("MARTLET_TEST_DATABASE_URL") else { return try await start() }
    return try await aside { PrivatePostgres(given: try GivenServer(url)) }
  }

  /// The server that all tests of the process share.
  public static func shared() async throws -> PrivatePostgres { try await once.value }

  private static let plainOnce = Task { () throws -> PrivatePostgres in
    environment("MARTLET_TEST_DATABASE_URL") == nil ? try await shared() : try await start()
  }

  /// A plain server of the process' own, whatever is given: for what only its superuser may do, or what is true of
  /// plain PostgreSQL alone.
  public static func plain() async throws -> PrivatePostgres { try await plainOnce.value }

  /// Starts one more server, for a test that kills it. `settings` are server settings such as `log_statement=all`.
  public static func start(settings: [String] = []) async throws -> PrivatePostgres {
    try await aside { try begin(settings: settings) }
  }

  private static func begin(settings: [String]) throws -> PrivatePostgres {
    let directory = try temporaryDirectory()
    let user = ["-U", "martlet"]
    try run(
      asServer(
        [binary("initdb"), "-D", "\(directory)/data", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"] + user))
    let port = try freePort()
    let all = defaults + ["port=\(port)", "unix_socket_directories=\(directory)"] + settings
    let arguments = asServer([binary("postgres"), "-D", "\(directory)/data"] + all.flatMap { ["-c", $0] })
    let server = PrivatePostgres(
      directory: directory, server: "postgresql://martlet@127.0.0.1:\(port)/", arguments: arguments)
    try server.keepWatch()
    try server.startAgain()
    return server
  }

  /// Nothing here survives the machine, so nothing is flushed; commits are synchronous all the same, since that is
  /// checked.
  static let defaults = [
    "listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=200",
    "autovacuum_naptime=5s", "lc_messages=C", "timezone=UTC",
    // Files of its own directory, which go with it; what a killed server has in /dev/shm stays there.
    "dynamic_shared_memory_type=mmap",
  ]

  init(directory: String, server: String, arguments: [String]) {
    self.directory = directory
    self.server = server
    self.arguments = arguments
    given = nil
    state = Mutex(State())
  }

  init(given: GivenServer) {
    directory = nil
    server = ""
    arguments = []
    self.given = given
    state = Mutex(State())
  }

  /// Whether the tests may kill it.
  public var isOurs: Bool { given == nil }

  /// Into how many shards tests cut their tables; nil on a plain server. Few, since each is a table to be made.
  public var shards: Int? { given?.isCitus == true ? 4 : nil }

  /// The same of the server on which a database lies.
  public static func shards(of url: String) async throws -> Int? {
    let server = try await shared()
    return server.given?.owns(url) == true ? server.shards : nil
  }

  /// Where schemas of a database may be changed: a given URL may name just a worker of a Citus.
  public func migratingURL(of url: String) -> String {
    guard let given, given.isCitus, given.owns(url) else { return url }
    return given.coordinatorURL(of: GivenServer.name(of: url))
  }

  /// The URL of a fresh, empty database.
  ///
  /// - Parameter distributed: whether it is a Citus when the server is one; else it lies on the coordinator alone and
  ///   is as any other.
  public func database(distributed: Bool = true) async throws -> String {
    let number = state.withLock { state in
      state.databases += 1
      return state.databases
    }
    let name = "martlet_\(getpid())_\(number)"
    if let given {
      try await PrivatePostgres.aside { try given.make(name, distributed: distributed) }
      return distributed ? given.url(of: name) : given.coordinatorURL(of: name)
    }
    try await sql("CREATE DATABASE \(name)", in: "postgres")
    return server + name
  }

  /// Drops a database of a given server, which outlives the tests; a private one goes as a whole.
  public func drop(_ url: String) async {
    guard let given else { return }
    try? await PrivatePostgres.aside { given.drop(url) }
  }

  /// Runs SQL by psql and gives what it prints, unaligned and without headings.
  @discardableResult
  public func sql(_ text: String, in database: String) async throws -> String {
    try await PrivatePostgres.aside { try self.psql(text, in: database) }
  }

  @discardableResult
  private func psql(_ text: String, in database: String) throws -> String {
    if let given { return try given.sql(text, in: database) }
    let url = database.contains("://") ? database : server + database
    return try PrivatePostgres.run([
      PrivatePostgres.binary("psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text,
    ])
  }

  /// Kills the server and all its backends as a crash does, and waits until they are gone.
  public func kill9() {
    state.withLock { state in
      guard state.process > 0 else { return }
      let backends = PrivatePostgres.children(of: state.process)
      for process in [state.process] + backends { kill(process, SIGKILL) }
      var status: CInt = 0
      waitpid(state.process, &status, 0)
      for backend in backends { while kill(backend, 0) == 0 { usleep(2_000) } }
      state.process = 0
    }
  }

  /// Starts the server (again) and waits until it accepts connections.
  public func restart() async throws { try await PrivatePostgres.aside { try self.startAgain() } }

  func startAgain() throws {
    guard isOurs else { return }
    try state.withLock { state in
      guard state.process == 0 else { return }
      state.process = try ChildProcess.spawn(arguments, output: directory.map { "\($0)/log" })
    }
    for _ in 0..<600 {
      if (try? psql("SELECT 1", in: "postgres")) != nil { return }
      usleep(50_000)
    }
    throw Failure(what: "PostgreSQL does not start; see \(directory ?? "")/log")
  }

  /// What the server has logged.
  public func log() -> String { directory.map { PrivatePostgres.contents(of: "\($0)/log") } ?? "" }
}
