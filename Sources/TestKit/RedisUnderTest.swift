import Glibc

/// Which kind of Redis a test runs on: `@Test(arguments: RedisKind.allCases)`.
public enum RedisKind: String, CaseIterable, Sendable {
  /// One server.
  case single
  /// Three masters, each with a replica.
  case cluster

  /// What tests of no particular kind run on: the one that `MARTLET_TEST_REDIS` names, else a single server.
  public static let standard = PrivatePostgres.environment("MARTLET_TEST_REDIS").flatMap(RedisKind.init) ?? .single

  /// Starts one that is nobody else's; `options` are added to the command line of each of its servers.
  public func start(options: [String] = []) async throws -> any RedisUnderTest {
    switch self {
    case .single: try PrivateRedis(options: options)
    case .cluster: try await PrivateRedisCluster.start(options: options)
    }
  }

  /// Runs a body with a Redis of this kind that is whole and empty, and that nobody else uses meanwhile.
  ///
  /// A single server is the body's own; the cluster, which takes seconds to start, is one for all of a test process.
  public func play<Value: Sendable>(
    _ body: @Sendable (any RedisUnderTest) async throws -> Value
  ) async throws -> Value {
    switch self {
    case .single:
      let redis = try PrivateRedis()
      defer { redis.end() }
      return try await body(redis)
    case .cluster:
      return try await SharedRedisCluster.play(body)
    }
  }
}

/// A Redis that a test may hurt, whatever it consists of.
public protocol RedisUnderTest: AnyObject, Sendable {
  /// What it consists of.
  var kind: RedisKind { get }
  /// All that it consists of.
  var servers: [PrivateRedis] { get }
  /// What a client is given.
  var url: String { get }
  /// Kills all of it at once; what it knew is gone.
  func kill9()
  /// Stops all of it: connections stay open and nothing answers.
  func stop()
  /// Lets all of it go on.
  func cont()
  /// Starts all of it anew, empty, at the same addresses.
  func restart() async throws
  /// Lets everything go on that was stopped, starts what is dead and waits until it serves.
  func heal() async throws
  /// Forgets everything.
  func flush() async throws
  /// What it knows, sorted.
  func keys() async throws -> [String]
  /// Closes every connection that listens.
  func killPubSubClients() async throws
  /// Ends all of it.
  func end()
}

/// How one comes in: by which password, and whether over TLS.
struct RedisEntrance: Sendable {
  /// The default user's password.
  var password: String?
  /// The certificate that servers are verified by; they show it too.
  var certificate: Certificate?

  var isTLS: Bool { certificate != nil }

  /// What `redis-cli` is given to reach the server at a port.
  func words(_ port: UInt16) -> String {
    var words = ["-h 127.0.0.1 -p \(port)"]
    if let certificate { words.append("--tls --cacert '\(certificate.chain)'") }
    if let password { words.append("--no-auth-warning -a '\(password)'") }
    return words.joined(separator: " ")
  }
}

/// Commands of the shell.
enum Shell {
  /// What a command prints, without the last line's end; nil when it fails. Blocks.
  static func output(_ command: String) -> String? {
    guard let pipe = popen("{ \(command); } 2>/dev/null </dev/null", "re") else { return nil }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while case let count = fread(&part, 1, part.count, pipe), count > 0 { text += part.prefix(count) }
    guard pclose(pipe) == 0 else { return nil }
    while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }
}
