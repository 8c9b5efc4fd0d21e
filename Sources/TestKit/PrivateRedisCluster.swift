import Glibc

/// A Redis cluster of a test's own: three masters, each with a replica, on free ports of 127.0.0.1.
///
/// Without persistence, as the single one. A dead master is taken for dead after ``nodeTimeout``, and its replica takes
/// its place; what other masters hold is served meanwhile (`cluster-require-full-coverage no`): one dead master must
/// not silence two living ones.
///
/// - Shape: `let cluster = try await PrivateRedisCluster.start(); defer { cluster.end() }`.
/// - Isolation: used by one test at a time; what is `async` waits on a thread of its own.
public final class PrivateRedisCluster: RedisUnderTest, @unchecked Sendable {
  /// Milliseconds of silence after which a node is suspected.
  public static let nodeTimeout = 2_000
  /// How many slots there are.
  public static let slots = 16_384

  /// Six servers; at first the first three are masters, and the others their replicas in the same order.
  public let nodes: [PrivateRedis]
  /// Masters with replicas.
  public let kind = RedisKind.cluster
  /// The ``nodes``.
  public var servers: [PrivateRedis] { nodes }
  /// What a client verifies the servers by when they speak TLS: a certificate for `localhost` and 127.0.0.1.
  public var authorityFile: String? { entrance.certificate?.chain }
  let entrance: RedisEntrance

  /// Starts the servers, joins them and waits until every slot is served and every replica has caught up.
  ///
  /// - Parameters:
  ///   - options: added to the command line of each server, behind what this type sets.
  ///   - password: of the default user, and among the servers.
  public static func start(
    options: [String] = [], password: String? = nil, tls: Bool = false
  ) async throws -> PrivateRedisCluster {
    let cluster = try await PrivatePostgres.aside {
      try PrivateRedisCluster(options: options, password: password, tls: tls)
    }
    try await cluster.waitUntilWhole()
    return cluster
  }

  private init(options: [String], password: String?, tls: Bool) throws {
    entrance = RedisEntrance(password: password, certificate: tls ? try Certificate() : nil)
    let options = PrivateRedisCluster.options(entrance) + options
    let entrance = entrance
    nodes = try (0..<6).map { _ throws(PrivateRedis.Failure) in
      try PrivateRedis(options: options, entrance: entrance, inCluster: true)
    }
    try join()
  }

  deinit { end() }

  /// `redis+cluster://127.0.0.1:PORT,…`, all six; `rediss+cluster://` with TLS.
  public var url: String {
    let credentials = entrance.password.map { ":\($0)@" } ?? ""
    let hosts = nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    return "\(entrance.isTLS ? "rediss" : "redis")+cluster://\(credentials)\(hosts)"
  }

  /// Kills all servers.
  public func kill9() { for node in nodes { node.kill9() } }

  /// Stops all servers.
  public func stop() { for node in nodes { node.stop() } }

  /// Lets all servers go on.
  public func cont() { for node in nodes { node.cont() } }

  /// Starts all servers anew, empty, in the parts that they had; waits until the cluster is whole.
  public func restart() async throws {
    try await PrivatePostgres.aside { [nodes] in for node in nodes { try node.startAgain() } }
    try await waitUntilWhole()
  }

  /// Lets everything go on and starts what is dead; waits until the cluster is whole.
  public func heal() async throws {
    try await PrivatePostgres.aside { [nodes] in for node in nodes { try node.healNow() } }
    try await waitUntilWhole()
  }

  /// Forgets everything, at one moment for all scripts and all who write: a master that has forgotten makes them wait
  /// until the others have, however long those take.
  public func flush() async throws {
    try await PrivatePostgres.aside { [self] in
      let masters = mastersNow()
      // Whatever fails: the cluster is shared by all tests of a process.
      defer { for master in masters { _ = master.ask("CLIENT UNPAUSE") } }
      for master in masters { try master.flushAndPauseNow() }
    }
  }

  /// Forgets everything, one master after the other: for when nobody asks meanwhile.
  func flushInTurn() async throws {
    try await PrivatePostgres.aside { [self] in for master in mastersNow() { try master.flushNow() } }
  }

  /// What the masters know, sorted.
  public func keys() async throws -> [String] {
    try await PrivatePostgres.aside { [self] in try mastersNow().flatMap { try $0.keysNow() }.sorted() }
  }

  /// Kills all servers and removes their directories.
  public func end() { for node in nodes { node.end() } }

  // MARK: Insides

  private static func options(_ entrance: RedisEntrance) -> [String] {
    var options = [
      "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", String(nodeTimeout),
      // A replica whose link has been down for long takes the place too: what it would lack is lost anyway.
      "--cluster-replica-validity-factor", "0", "--cluster-require-full-coverage", "no",
      // Each master keeps its own replica, also when a test takes all of its slots.
      "--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0",
    ]
    if let password = entrance.password { options += ["--requirepass", password, "--masterauth", password] }
    if let certificate = entrance.certificate {
      options += [
        "--tls-cert-file", certificate.chain, "--tls-key-file", certificate.key, "--tls-ca-cert-file",
        certificate.chain, "--tls-auth-clients", "no", "--tls-cluster", "yes", "--tls-replication", "yes",
      ]
    }
    return options
  }

  /// Gives the masters their slots, makes all known to all, and the replicas replicas.
  private func join() throws(PrivateRedis.Failure) {
    let masters = nodes.prefix(3)
    for (index, node) in masters.enumerated() {
      let first = PrivateRedisCluster.slots * index / 3
      let last = PrivateRedisCluster.slots * (index + 1) / 3 - 1
      try done(node, "CLUSTER ADDSLOTSRANGE \(first) \(last)")
      try done(node, "CLUSTER SET-CONFIG-EPOCH \(index + 1)")
    }
    for node in nodes.dropFirst() { try done(nodes[0], "CLUSTER MEET 127.0.0.1 \(node.port) \(node.busPort)") }
    for (master, replica) in zip(masters, nodes.dropFirst(3)) {
      guard let id = master.ask("CLUSTER MYID") else { throw failure("the master on \(master.port) is silent") }
      // Refused until the replica has heard of its master.
      try wait(30, "the replica on \(replica.port) does not hear of its master") {
        replica.ask("CLUSTER REPLICATE \(id)") == "OK"
      }
    }
  }

  private func done(_ node: PrivateRedis, _ command: String) throws(PrivateRedis.Failure) {
    let answer = node.ask(command)
    guard answer == "OK" else { throw failure("\(command): \(answer ?? "no answer")") }
  }

  func failure(_ text: String) -> PrivateRedis.Failure { PrivateRedis.Failure(description: text) }

  /// Waits on this thread, looking every 20 ms.
  func wait(
    _ seconds: Int64, _ otherwise: @autoclosure () -> String, until condition: () -> Bool
  ) throws(PrivateRedis.Failure) {
    let end = Stopwatch.now + seconds * 1_000_000
    while !condition() {
      guard Stopwatch.now < end else { throw failure(otherwise()) }
      usleep(20_000)
    }
  }
}
