import Glibc

/// A Redis of a test's own: on a free port of 127.0.0.1, in a directory of its own, without persistence.
///
/// Its ``Watchdog`` is the server's parent: when the test process ends, however it ends, the shell kills the server by
/// its pid and removes the directory.
///
/// - Shape: `let redis = try PrivateRedis(); defer { redis.end() }; … redis.kill9(); try await redis.restart()`.
/// - Isolation: used by one test at a time.
public final class PrivateRedis: RedisUnderTest, @unchecked Sendable {
  /// Why there is no server.
  public struct Failure: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String
  }

  /// Where it listens; stays the same over ``restart()``.
  public private(set) var port: UInt16 = 0
  /// The port of a cluster's bus; 0 when it is in no cluster.
  public private(set) var busPort: UInt16 = 0
  /// Its directory, removed by ``end()``; `redis.log` is in it.
  public let directory: String
  /// One server.
  public let kind = RedisKind.single
  /// Itself.
  public var servers: [PrivateRedis] { [self] }
  /// The server's process.
  public private(set) var pid: pid_t = 0

  private let options: [String]
  private let entrance: RedisEntrance
  private let inCluster: Bool
  private var watchdog: Watchdog?

  /// Starts a server and waits until it answers; `options` are added to its command line.
  public convenience init(options: [String] = []) throws(Failure) {
    try self.init(options: options, entrance: RedisEntrance(), inCluster: false)
  }

  /// Starts a server that others ask to join them, or that stands alone.
  init(options: [String], entrance: RedisEntrance, inCluster: Bool) throws(Failure) {
    self.options = options
    self.entrance = entrance
    self.inCluster = inCluster
    guard let directory = PrivateRedis.makeDirectory() else { throw Failure(description: "no directory for Redis") }
    self.directory = directory
    // Another process may name the same port.
    for attempt in 1...5 {
      port = (try? PrivatePostgres.freePort()) ?? 0
      if inCluster { busPort = (try? PrivatePostgres.freePort()) ?? 0 }
      do throws(Failure) {
        try start()
        return
      } catch {
        guard attempt == 5 else { continue }
        end()
        throw error
      }
    }
  }

  deinit { end() }

  /// `redis://127.0.0.1:PORT`
  public var url: String { "redis://127.0.0.1:\(port)" }

  /// Kills the server at once; what it knew is gone.
  public func kill9() { signal(SIGKILL) }

  /// Stops the server's process: its connections stay open and nothing answers from now on.
  public func stop() {
    signal(SIGSTOP)
    // The signal is sent at once and takes effect when its process is next scheduled.
    for _ in 0..<5_000 {
      if isStopped || !isRunning { return }
      usleep(1_000)
    }
  }

  /// Lets a stopped server go on.
  public func cont() { signal(SIGCONT) }

  /// Starts an empty server on the same port, after killing the old one if it still runs.
  public func restart() async throws { try await PrivatePostgres.aside { try self.startAgain() } }

  /// Lets a stopped server go on, and starts a dead one.
  public func heal() async throws { try await PrivatePostgres.aside { try self.healNow() } }

  /// Forgets everything.
  public func flush() async throws {
    try await PrivatePostgres.aside { try self.flushNow() }
  }

  /// What it knows, sorted.
  public func keys() async throws -> [String] { try await PrivatePostgres.aside { try self.keysNow() } }

  /// Closes every connection that asks.
  public func killClients() async throws {
    try await PrivatePostgres.aside { try self.killClientsNow("normal") }
  }

  /// Closes every connection that listens.
  public func killPubSubClients() async throws {
    try await PrivatePostgres.aside { try self.killClientsNow("pubsub") }
  }

  /// Whether the process is there, stopped or not.
  public var isRunning: Bool { pid > 0 && PrivateRedis.state(of: pid).map { $0 != "Z" } ?? false }
  /// Whether the process is there and stands still.
  var isStopped: Bool { pid > 0 && PrivateRedis.state(of: pid) == "T" }

  /// What the server says to a command, as `redis-cli` prints it; nil when it is dead or stopped, or is silent for 20
  /// s. Blocks.
  ///
  /// - Parameter commands: each a line, its words apart by blanks.
  public func ask(_ commands: String...) -> String? {
    guard !isStopped else { return nil }
    let lines = commands.map { "'\($0)'" }.joined(separator: " ")
    // A busy machine may take seconds to start a program.
    return Shell.output("printf '%s\\n' \(lines) | timeout 20 redis-cli \(entrance.words(port))")
  }

  /// Kills the server and removes its directory; harmless a second time.
  public func end() {
    endServer(keepingDirectory: false)
    // After a start in vain there is no shell that would remove it.
    if access(directory, F_OK) == 0 { _ = Shell.output("rm -rf -- '\(directory)'") }
  }

  // MARK: The same on this thread

  func startAgain() throws(Failure) {
    endServer(keepingDirectory: true)
    try start()
  }

  func healNow() throws(Failure) {
    cont()
    if !isRunning { try startAgain() }
  }

  func flushNow() throws(Failure) {
    guard ask("FLUSHALL") == "OK" else { throw Failure(description: "FLUSHALL on port \(port)") }
  }

  /// Forgets everything, and makes scripts and all who write wait from that moment until `CLIENT UNPAUSE`, or for a
  /// minute. Of all it would not take that.
  func flushAndPauseNow() throws(Failure) {
    let answer = ask("MULTI", "CLIENT PAUSE 60000 WRITE", "FLUSHALL", "EXEC") ?? ""
    guard answer.split(separator: "\n").count(where: { $0 == "OK" }) == 3 else {
      throw Failure(description: "FLUSHALL on port \(port): \(answer)")
    }
  }

  func keysNow() throws(Failure) -> [String] {
    guard let keys = ask("KEYS *") else { throw Failure(description: "KEYS on port \(port)") }
    return keys.split(separator: "\n").map(String.init).sorted()
  }

  func killClientsNow(_ type: String) throws(Failure) {
    guard ask("CLIENT KILL TYPE \(type)") != nil else { throw Failure(description: "CLIENT KILL on port \(port)") }
  }

  // MARK: Insides

  private func signal(_ number: CInt) {
    guard pid > 0 else { return }
    kill(pid, number)
  }

  private func start() throws(Failure) {
    unlink("\(directory)/pid")
    do {
      watchdog = try Watchdog(PrivateRedis.script, [directory] + arguments)
    } catch {
      throw Failure(description: "\(error)")
    }
    guard waitForPid(), waitForAnswer() else {
      endServer(keepingDirectory: true)
      throw Failure(description: "redis-server did not start on port \(port)")
    }
  }

  private static let script =
    "cd \"$0\" && { redis-server \"$@\" >/dev/null 2>&1 & echo $! > pid.new && mv pid.new pid; "
    + "read keep; kill -9 $! 2>/dev/null; wait; [ \"$keep\" ] || rm -rf \"$0\"; }"

  private var arguments: [String] {
    var words = entrance.isTLS ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
    words += [
      "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory, "--logfile", "redis.log",
      "--enable-debug-command", "yes",
    ]
    if inCluster { words += ["--cluster-enabled", "yes", "--cluster-port", String(busPort)] }
    return words + options
  }

  private func endServer(keepingDirectory: Bool) {
    guard let line = watchdog?.line else { return }
    if keepingDirectory { _ = write(line, "keep\n", 5) }
    watchdog?.cut()
    watchdog = nil
    pid = 0
  }

  private func waitForPid() -> Bool {
    for _ in 0..<500 {
      if let file = fopen("\(directory)/pid", "r") {
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 32)
        if fgets(&line, 32, file) != nil {
          pid = pid_t(atoi(line))
          return pid > 0
        }
      }
      usleep(10_000)
    }
    return false
  }

  private func waitForAnswer() -> Bool {
    for _ in 0..<500 {
      if answers() { return true }
      // Gone but not waited for by its shell: the port was taken.
      guard isRunning else { return false }
      usleep(10_000)
    }
    return false
  }

  /// Any answer to PING will do: `-NOAUTH` is one too. With TLS, that somebody accepts.
  private func answers() -> Bool {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard PrivateRedis.withLoopback(port: port, { connect(descriptor, $0, $1) }) == 0 else { return false }
    if entrance.isTLS { return true }
    guard send(descriptor, "PING\r\n", 6, CInt(MSG_NOSIGNAL)) == 6 else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, 0) == 1
  }

  /// The letter of `/proc` for it; nil when there is no such process.
  private static func state(of pid: pid_t) -> Character? {
    guard let file = fopen("/proc/\(pid)/stat", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return nil }
    let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    guard let paren = text.lastIndex(of: UInt8(ascii: ")")), paren + 2 < text.count else { return nil }
    return Character(Unicode.Scalar(text[paren + 2]))
  }

  private static func makeDirectory() -> String? {
    var template = Array("/tmp/martlet-redis-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return nil }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
