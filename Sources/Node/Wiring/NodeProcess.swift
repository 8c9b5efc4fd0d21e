import ChatCore
import Glibc
import IORuntime
import MemoryAdapters
import Postgres
import PostgresStore
import Redis
import RedisBroker
import Serving
import Tracing

/// One node: its loops, from the first connection to the database to the last good-bye.
final class NodeProcess: @unchecked Sendable {
  /// How long a node waits for a database that is not there yet before it gives up, so that parts may start in any
  /// order.
  static let databasePatience: Milliseconds = 60_000

  private let configuration: Configuration
  private let role: Role
  private let logger: Logger
  private let parts: SharedParts
  private let group: EventLoopGroup
  private var nodes: [LoopNode] = []
  private var privateListeners: [Listener] = []
  private var joining: Joining?
  private var leaving: Drain?
  private let outcome = Outcome()
  private var probeServer: HTTPServer?
  private var spanSender: SpanSender?
  private var isAside = false
  private var signals: Signals?

  init(_ given: Configuration, role: Role, sink: LogSink) throws {
    let count = role == .dev ? 1 : given.work.loops ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let configuration = given.within(files: NodeProcess.openFilesMax(), loops: count)
    let name = configuration.serving.nodeID ?? NodeProcess.madeUpName()
    self.configuration = configuration
    self.role = role
    logger = Logger(sink: sink, format: configuration.log.format, level: configuration.log.level, node: name)
    parts = try SharedParts.make(
      configuration, role: role, loops: count, node: name, logger: logger, sink: sink)
    group = try EventLoopGroup(count: count)
  }

  /// Runs until the node has taken its leave.
  ///
  /// - Returns: the exit code.
  func run() throws -> Int32 {
    Signals.ignoreBrokenPipes()
    logger.info(
      "starting", .text("version", Version.text), .text("role", role.rawValue),
      .text("settings", configuration.summary.joined(separator: " ")), .number("loops", Int64(parts.loops)),
      .number("files", NodeProcess.openFilesMax()))
    try group.start()
    let first = group.loops[0]
    first.spawn {
      do {
        try await self.start()
      } catch {
        self.logger.error("cannot start", .text("reason", "\(error)"))
        self.outcome.code = OneLoop.code(of: error)
        self.stop()
      }
    }
    group.join()
    if outcome.code == 0 { logger.info("ended") }
    return outcome.code
  }

  // MARK: Starting

  private func start() async throws {
    let first = group.loops[0]
    signals = try Signals([SIGTERM, SIGINT, SIGUSR1], on: first) { [weak self] signal in
      if signal == SIGUSR1 { self?.stepAside() } else { self?.leave(because: signal) }
    }
    probeServer = try ProbeDoor.open(parts, on: first)
    spanSender = try SpanSender.toCollector(parts, on: first)
    spanSender?.start()
    let adapters = try await makeAdapters()
    // Told to go while it waited for the database: it never was there.
    guard leaving == nil else { return }
    try await joining?.join { [weak self] sentence in self?.leave(unwanted: sentence) }
    guard leaving == nil else { return }
    let tls = try NodeProcess.tls(configuration.serving)
    if let tls { try CertificateWatch(tls, logger).begin(on: first) }
    let listeners = try Listener.open(
      configuration.serving.listen, asSaidBy: "MARTLET_LISTEN", on: group.loops, tls: tls)
    let dialects = try dialectListeners(tls)
    for (index, (loop, adapters)) in zip(group.loops, adapters).enumerated() {
      let inner = index < privateListeners.count ? privateListeners[index] : nil
      let roots = dialects.map { ($0.dialect, $0.listeners[index]) }
      nodes.append(try await begin(loop, adapters, listeners[index], inner, roots))
      // Told to go meanwhile: it is not ready any more, and the other loops need not begin.
      guard leaving == nil else { return }
    }
    parts.metrics.show(nodes)
    parts.readiness.set(true)
    logger.info("listening", .text("address", "\(listeners[0].address)"))
  }

  /// The listeners whose root is a dialect, one a loop.
  private func dialectListeners(_ tls: TLSServer?) throws -> [(dialect: String, listeners: [Listener])] {
    try configuration.dialects.listeners.map { row in
      let listeners = try Listener.open(
        row.address, asSaidBy: "MARTLET_DIALECT_LISTEN", on: group.loops, tls: tls)
      return (row.dialect, listeners)
    }
  }

  private func begin(
    _ loop: EventLoop, _ adapters: Adapters, _ listener: Listener, _ privateListener: Listener?,
    _ dialects: [(String, Listener)]
  ) async throws -> LoopNode {
    let node = LoopNode(loop: loop, adapters: adapters, shared: parts)
    let failure = await withCheckedContinuation { (continuation: CheckedContinuation<SystemError?, Never>) in
      loop.execute {
        do throws(SystemError) {
          try node.start(listener, privateListener, dialects: dialects)
          continuation.resume(returning: nil)
        } catch {
          continuation.resume(returning: error)
        }
      }
    }
    if let failure { throw failure }
    return node
  }

  private func makeAdapters() async throws -> [Adapters] {
    guard role != .dev else {
      let world = MemoryWorld(clock: SystemClock(), sessionIdleMax: configuration.shared.limits.sessionIdleMax)
      let (bus, book) = (MemoryBus(), PresenceBook(clock: SystemClock()))
      return group.loops.map { Adapters.memory(loop: $0, world: world, bus: bus, book: book) }
    }
    let database = try DatabaseLinks(configuration)
    let redis = try configuration.redisSettings(client: parts.node)
    let identity = try await SchemaGate.wait(
      on: group.loops[0], database.primary, patience: NodeProcess.databasePatience, logger)
    let (databaseLog, redisLog) = (DatabaseLog(logger), RedisLog(logger))
    let joining = Joining(
      loop: group.loops[0], configuration: configuration, database: identity, role: role, node: parts.node,
      redis: redis, entrance: try openPrivateDoor(), logger: logger, redisLog: redisLog)
    self.joining = joining
    let logger = logger
    let office = RedisPresence(
      loop: group.loops[0], settings: redis, node: role.servesSockets ? parts.node : nil,
      names: configuration.topicNames, observe: redisLog.observer("presence"))
    return try group.loops.enumerated().map { index, loop in
      try Adapters.cluster(
        loop: loop, database: database, redis: redis, configuration: configuration, loops: parts.loops,
        joining: index == 0 ? joining : nil, office: office, logger: logger, databaseLog: databaseLog,
        redisLog: redisLog)
    }
  }

  /// Where other nodes pass on requests, bound before they hear of it; a node of sockets without says what that means.
  private func openPrivateDoor() throws -> NodeRecord.Entrance? {
    guard let door = parts.privateDoor else {
      if role.servesSockets {
        logger.info("no private address", .text("meaning", "Socket.IO needs a sticky balancer: MARTLET_PRIVATE_LISTEN"))
      }
      return nil
    }
    guard let place = configuration.serving.privateListen else { return nil }
    privateListeners = try Listener.open(place, asSaidBy: "MARTLET_PRIVATE_LISTEN", on: group.loops, tls: nil)
    guard let first = privateListeners.first else { return nil }
    let entrance = door.entrance(configuration, first, of: parts.node)
    logger.info(
      "taking from other nodes", .text("address", "\(first.address)"), .text("known_as", entrance.address))
    return entrance
  }

  /// Nil when the node is to serve without.
  static func tls(_ serving: ServingConfiguration) throws(StartFailure) -> TLSServer? {
    guard let certificate = serving.certificateFile, let key = serving.keyFile else { return nil }
    do throws(TLSError) {
      return try TLSServer(certificateChainFile: certificate, keyFile: key)
    } catch {
      throw StartFailure("MARTLET_TLS_CERTIFICATE_FILE and MARTLET_TLS_KEY_FILE cannot be used: \(error)")
    }
  }

  // MARK: Leaving

  /// Has clients go, and goes on: who comes meanwhile, since a balancer does not know yet, is served, or told to go on.
  private func stepAside() {
    guard leaving == nil, !isAside else { return }
    isAside = true
    logger.info("stepping aside")
    parts.readiness.set(false)
    let grace = Milliseconds(configuration.work.drainGraceSeconds) * 1_000
    group.loops[0].schedule(after: Drain.notice(of: grace)) {
      for node in self.nodes { node.loop.execute { node.sayGoodBye(over: Drain.spread(of: grace)) } }
    }
  }

  /// The first signal begins the leave; a second one ends it at once.
  private func leave(because signal: CInt) {
    if let leaving {
      logger.warning("leaving at once", .number("signal", Int64(signal)))
      return leaving.endNow()
    }
    logger.info("leaving", .number("signal", Int64(signal)))
    leave()
  }

  /// It has turned out that the node may not be among the others.
  private func leave(unwanted sentence: String) {
    guard leaving == nil else { return }
    logger.error("leaving", .text("reason", sentence))
    outcome.code = OneLoop.wrongSettings
    leave()
  }

  private func leave() {
    parts.readiness.set(false)
    let drain = Drain(
      nodes: nodes, loop: group.loops[0], grace: Milliseconds(configuration.work.drainGraceSeconds) * 1_000,
      isAside: isAside
    ) { [weak self] in self?.stop() }
    leaving = drain
    drain.begin()
  }

  /// Gives up the node's place among the others, which are told of it before the loops end.
  private func stop() {
    guard let joining else { return end() }
    joining.leave { [self] in end() }
  }

  private func end() {
    guard let spanSender else { return group.stop() }
    group.loops[0].execute { [group] in spanSender.finish { group.stop() } }
  }

  private static func madeUpName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(host)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
  }

  private static func openFilesMax() -> Int64 {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return 0 }
    return Int64(clamping: limit.rlim_cur)
  }
}

/// What the loops tell the thread that waits for them to end.
private final class Outcome: @unchecked Sendable {
  /// The exit code: written before the loops stop, read after they have.
  var code: Int32 = 0
}
