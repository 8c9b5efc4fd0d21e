import Glibc
import IORuntime
import JSONText

/// A whole cluster of a test's own: PostgreSQL, Redis, API and socket nodes as processes on free ports of 127.0.0.1.
///
/// The nodes are the `martlet` that stands beside the running tests, or the one that `MARTLET_TEST_BINARY` names. A
/// ``Leash`` ends all of it with the test process, however that ends; logs lie in ``directory`` until then.
///
/// - Shape: `let cluster = try await LocalCluster.start(); cluster.socket[0].kill9(); try await
///   cluster.socket[0].start()`.
/// - Isolation: used by one test at a time.
public final class LocalCluster: @unchecked Sendable {
  /// The database server.
  public let postgres: PrivatePostgres
  /// The database's URL.
  public let databaseURL: String
  /// The broker.
  public let redis: any RedisUnderTest
  /// The nodes that serve REST.
  public let api: [NodeProcess]
  /// The nodes that hold connections.
  public let socket: [NodeProcess]
  /// Where the logs are.
  public let directory: String
  /// What the nodes were given besides their addresses.
  public let environment: [String: String]
  let leash: Leash
  private let endsPostgres: Bool

  /// All nodes.
  public var nodes: [NodeProcess] { api + socket }

  /// Starts everything, brings the schema up to date and waits until every node is ready.
  ///
  /// - Parameters:
  ///   - redis: which kind, by default the one that all run on; it is the cluster's own and may be hurt.
  ///   - postgres: a server that others use too; nil starts one that may be killed. On a Citus the tables are cut into
  ///     shards.
  ///   - settings: `MARTLET_…` variables for all nodes, over ``settings``.
  public static func start(
    api: Int = 2, socket: Int = 2, redis: RedisKind = .standard, postgres: PrivatePostgres? = nil,
    settings: [String: String] = [:]
  ) async throws -> LocalCluster {
    let redis = try await redis.start()
    return try await start(api: api, socket: socket, on: redis, postgres: postgres, settings: settings)
  }

  /// Starts everything on a Redis that is the cluster's from now on.
  public static func start(
    api: Int = 2, socket: Int = 2, on redis: any RedisUnderTest, postgres: PrivatePostgres? = nil,
    settings: [String: String] = [:]
  ) async throws -> LocalCluster {
    let cluster = try await LocalCluster(api: api, socket: socket, redis: redis, postgres: postgres, settings: settings)
    let citus = cluster.postgres.shards.map { ["--citus", "--shards", String($0)] } ?? []
    var environment = cluster.environment
    if environment["MARTLET_DATABASE_URL"] == cluster.databaseURL {
      environment["MARTLET_DATABASE_URL"] = cluster.postgres.migratingURL(of: cluster.databaseURL)
    }
    try ChildProcess.run(
      [try binary(), "migrate"] + citus, environment: environment, log: "\(cluster.directory)/migrate.log")
    try await cluster.startNodes()
    return cluster
  }

  private init(
    api: Int, socket: Int, redis: any RedisUnderTest, postgres given: PrivatePostgres?, settings: [String: String]
  ) async throws {
    let binary = try LocalCluster.binary()
    directory = try LocalCluster.temporaryDirectory()
    leash = try Leash(removing: directory)
    endsPostgres = given == nil
    if let given { postgres = given } else { postgres = try await PrivatePostgres.start() }
    databaseURL = try await postgres.database()
    self.redis = redis
    environment = LocalCluster.settings.merging(postgres.isOurs ? [:] : LocalCluster.sparing) { $1 }.merging([
      "MARTLET_DATABASE_URL": databaseURL, "MARTLET_REDIS_URL": redis.url,
    ]) { $1 }.merging(settings) { $1 }
    let (environment, directory, leash) = (environment, directory, leash)
    func nodes(_ role: NodeProcess.Role, _ count: Int) throws -> [NodeProcess] {
      try (0..<count).map { index in
        NodeProcess(
          role: role, index: index, port: try PrivatePostgres.freePort(), binary: binary, environment: environment,
          directory: directory, leash: leash)
      }
    }
    self.api = try nodes(.api, api)
    self.socket = try nodes(.socket, socket)
  }

  /// What every cluster under test is given: no limits of rates, since tests are a crowd behind one address.
  public static let settings: [String: String] = [
    "MARTLET_TOKEN_KEYS": "test:0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210",
    "MARTLET_REFRESH_KEY": "13579bdf02468ace0f1e2d3c4b5a6978fedcba98765432100123456789abcdef",
    "MARTLET_RATE_SEND": "off", "MARTLET_RATE_REGISTER": "off", "MARTLET_RATE_SIGN_IN_ACCOUNT": "off",
    "MARTLET_RATE_SIGN_IN_ADDRESS": "off", "MARTLET_LOG_LEVEL": "info",
  ]

  /// What nodes on a given server are given besides: it has its own limit of connections, and others use it too.
  public static let sparing: [String: String] = [
    "MARTLET_LOOPS": "1", "MARTLET_DATABASE_POOL": "2", "MARTLET_DATABASE_SCATTER_POOL": "2",
  ]

  /// One more node, which does not run yet, with settings of its own over the others'; its name and port are free
  /// unless the settings say otherwise.
  public func another(_ role: NodeProcess.Role, _ settings: [String: String] = [:]) throws -> NodeProcess {
    NodeProcess(
      role: role, index: .random(in: 100...999_999), port: try PrivatePostgres.freePort(),
      binary: try LocalCluster.binary(), environment: environment, own: settings, directory: directory, leash: leash)
  }

  /// Starts the nodes that do not run and waits until all are ready.
  public func startNodes() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in nodes { group.addTask { try await node.start() } }
      try await group.waitForAll()
    }
  }

  /// Lets everything go on that was stopped and starts everything that is dead: what a test leaves to the next one.
  public func heal() async throws {
    try await redis.heal()
    try await postgres.restart()
    for node in nodes { node.cont() }
    try await startNodes()
  }

  /// Kills PostgreSQL and all its backends, and waits until they are gone, which may take two seconds.
  public func crashPostgres() async throws { try await PrivatePostgres.aside { [postgres] in postgres.kill9() } }

  /// A token of that lifetime for somebody, in a sign-in session of its own.
  public func token(of username: String, seconds: Int) async throws -> String {
    let lifetime = environment.merging(["MARTLET_TOKEN_LIFETIME_S": String(seconds)]) { $1 }
    let log = "\(directory)/token-\(UInt32.random(in: 0 ... .max)).log"
    try await PrivatePostgres.aside {
      try ChildProcess.run([try LocalCluster.binary(), "token", username], environment: lifetime, log: log)
    }
    let line = PrivatePostgres.contents(of: log).split(separator: "\n").last { $0.contains("access_token") }
    guard let token = line.flatMap({ try? JSONValue(parsing: String($0)) })?["access_token"]?.string else {
      throw PrivatePostgres.Failure(what: "no token for \(username)")
    }
    return token
  }

  /// Ends everything, of PostgreSQL what nobody else has given.
  public func end() {
    for node in nodes { node.kill9() }
    redis.end()
    if endsPostgres { postgres.end() }
    leash.cut()
  }

  deinit { end() }

  /// Drops the database of a given server; after ``end()``.
  public func dropDatabase() async { await postgres.drop(databaseURL) }

  /// What the nodes have logged last, for a test that failed.
  public func logTails(_ lines: Int = 15) -> String {
    nodes.map { "--- \($0.name)\($0.isRunning ? "" : " (dead)")\n\($0.logTail(lines))" }.joined(separator: "\n")
  }

  // MARK: Places

  /// The path of `martlet`.
  public static func binary() throws -> String {
    if let given = PrivatePostgres.environment("MARTLET_TEST_BINARY") { return given }
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let tests = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let path = tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/martlet"
    guard access(path, X_OK) == 0 else {
      throw PrivatePostgres.Failure(what: "there is no \(path); build it, or name one by MARTLET_TEST_BINARY")
    }
    return path
  }

  static func temporaryDirectory() throws -> String {
    var template = Array("/tmp/martlet-cluster-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw PrivatePostgres.Failure(what: "mkdtemp") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
