import IORuntime

/// The connections of one loop to one database: statements share their pipelines, transactions get one alone.
///
/// - Errors: every wait ends by its deadline in a ``PostgresError``; connections that fail are made anew with back-off.
/// - Limits: ``PostgresSettings/connections``, ``PostgresSettings/pipelineMax``, ``PostgresSettings/waitingMax``.
/// - Isolation: belongs to its loop. The `async` functions may be called from anywhere, ``submit(_:timeout:_:)`` on the
///   loop only.
public final class PostgresPool: @unchecked Sendable {
  /// Where it lives.
  public let loop: EventLoop
  let settings: PostgresSettings
  let observe: (PostgresChange) -> Void
  let targets: [ConnectTarget]
  /// Whether connections are spread over the hosts.
  let spreads: Bool
  /// Where the pool begins among the hosts.
  let firstHost: Int
  var rebalanceTimer: LoopTimer?
  /// Tries to connect so far that failed; hosts and their addresses take turns by it.
  var failedTries = 0
  // Each statement looks at all of these, and none of them calls anybody back while it is changed.
  @exclusivity(unchecked) var ready: [PostgresConnection] = []
  var opening: [PostgresConnection] = []
  var held = 0
  @exclusivity(unchecked) var waiting = Fifo<Flight>()
  @exclusivity(unchecked) var claims = Fifo<Claim>()
  var turns = Turns()
  var quarantine = Quarantine()
  var backoff: Backoff
  var retryTimer: LoopTimer?
  private var sweepTimer: LoopTimer?
  var lastFailure: PostgresError = .unavailable("not connected yet")
  /// Since when there is no connection at all, in monotonic milliseconds.
  var unreachableSince: Int64?
  var isStarted = false
  /// Whether the last server that was reached is a node of a Citus; nil until one is. On the loop only.
  public internal(set) var isCitus: Bool?
  var isClosing = false
  var closed: (() -> Void)?
  var counted = PostgresCounters()

  /// A pool that connects at ``start()`` or when it is first used.
  ///
  /// - Parameter observe: told on the loop of each connection that is had, lost or not to be had; not of those that the
  ///   pool gives up itself.
  /// - Throws: ``PostgresError/misconfigured(_:)`` when the URL cannot be read.
  public init(
    loop: EventLoop, settings: PostgresSettings, observe: @escaping (PostgresChange) -> Void = { _ in }
  ) throws(PostgresError) {
    self.loop = loop
    self.observe = observe
    self.settings = settings
    targets = try ConnectTarget.all(of: settings)
    spreads = try HostSpreading(of: settings.url).isWanted && targets.count > 1
    firstHost = Int.random(in: targets.indices)
    backoff = Backoff(base: settings.backoffBase, most: settings.backoffMax)
  }

  /// How long a caller waits who does not say, in milliseconds.
  public var patience: Int64 { settings.queryTimeout }

  /// How many connections it keeps.
  public var connectionsMax: Int { settings.connections }
  /// How long a statement waits for a lock that says nothing of it, in milliseconds.
  public var lockTimeout: Int64 { settings.lockTimeout }
  var refusalTime: Int64 { settings.refusalTime }

  /// How long an answer is waited for when nobody says less.
  public var deadlineMax: Int64 { settings.queryTimeout }

  /// Begins to connect; from any thread.
  public func start() { onLoop { self.startOnLoop() } }

  /// What was counted so far, and how it stands; on the loop only.
  public var counters: PostgresCounters {
    var now = counted
    now.ready = ready.count
    now.underWay = ready.reduce(0) { $0 + $1.load }
    now.waiting = waiting.count + claims.count + quarantine.count
    now.notices += ready.reduce(0) { $0 + $1.notices }
    return now
  }

  /// Why the last try to connect failed, when there is no connection; for readiness and logs. On the loop only.
  public var failure: PostgresError? { ready.isEmpty ? lastFailure : nil }

  /// Milliseconds for which there has been no connection; 0 while there is one. On the loop only.
  public var unreachableFor: Int64 { unreachableSince.map { max(0, EventLoop.monotonicMilliseconds() - $0) } ?? 0 }

  /// Ends it: what is under way is answered or given up, then every connection is closed and `body` runs on the loop.
  public func close(_ body: @escaping @Sendable () -> Void = {}) {
    onLoop {
      self.isClosing = true
      self.closed = body
      self.refuseWaiting()
      self.closeIdle()
    }
  }

  func onLoop(_ body: @escaping @Sendable () -> Void) {
    if loop.inLoop { body() } else { loop.execute(body) }
  }

  // MARK: Taking work

  /// Takes a flight: sends it at once, or when there is room.
  func take(_ flight: Flight) {
    if let refusal = flight.refusal { return flight.complete(with: refusal) }
    guard !isClosing else { return flight.complete(with: .unavailable("closing")) }
    guard waiting.count + quarantine.count < settings.waitingMax else {
      counted.queueFull += 1
      return flight.complete(with: .queueFull)
    }
    startOnLoop()
    if holdBack(flight) { return scheduleSweep() }
    if waiting.isEmpty, let connection = leastLoaded(for: flight) { return send(flight, on: connection) }
    waiting.append(flight)
    scheduleSweep()
  }

  private func send(_ flight: Flight, on connection: PostgresConnection) {
    counted.sent += 1
    quarantine.began(flight)
    connection.submit(flight)
  }

  /// Lets a flight wait while something of its bucket hangs on a connection, so that it does not take another.
  private func holdBack(_ flight: Flight) -> Bool {
    let now = EventLoop.monotonicMilliseconds()
    var bucket = quarantine.hindrance(of: flight, atMost: troubleMax)
    for connection in ready where bucket == nil {
      guard let oldest = connection.oldest, oldest.sent < now - PostgresPool.slowAfter else { continue }
      if oldest.repeatable, oldest.sent >= now - PostgresPool.readingHangsAfter { continue }
      for suspect in connection.suspects where bucket == nil { bucket = suspect.bucketHeldUp(for: flight) }
    }
    guard let bucket else { return false }
    quarantine.hold(flight, for: bucket)
    return true
  }

  /// How many connections all buckets in trouble may have together, for statements and for transactions each.
  var troubleMax: Int { max(1, settings.connections / 2) }

  /// The one that gathers what is brief, for what is; else the one with the fewest flights; those that carry what may
  /// wait for a lock come after all others, then those with what has waited for one before, then those whose oldest
  /// flight has waited long.
  ///
  /// What has waited for a lock before leaves the last connection without its like to all others, however many things
  /// are locked.
  private func leastLoaded(for flight: Flight) -> PostgresConnection? {
    if flight.isBrief, let gathering = ready.first(where: { $0.unsealed > 0 && $0.isOpenToAll }),
      gathering.load < settings.pipelineMax
    {
      return gathering
    }
    let likely = LockWait.likely.burden
    if flight.waits == .likely, ready.lazy.filter({ $0.isOpenToAll && $0.burden < likely }).count == 1,
      let stuck = leastLoaded(where: { $0.burden >= likely })
    {
      return stuck
    }
    return leastLoaded { _ in true }
  }

  private func leastLoaded(where fits: (PostgresConnection) -> Bool) -> PostgresConnection? {
    var best: PostgresConnection?
    var bestRank = Int.max
    let slow = EventLoop.monotonicMilliseconds() - PostgresPool.slowAfter
    for connection in ready where connection.isOpenToAll && connection.load < settings.pipelineMax && fits(connection) {
      let isSlow = connection.oldestSent.map { $0 < slow } ?? false
      let rank = connection.burden + (isSlow ? PostgresPool.slowBurden : 0)
      if rank < bestRank { (best, bestRank) = (connection, rank) }
    }
    return best
  }

  /// A statement that takes longer than this is taken to be stuck behind a lock or a slow disk.
  static let slowAfter: Int64 = 50
  /// Who only reads waits for no lock: it is late because the server is busy, or then a machine is silent.
  static let readingHangsAfter: Int64 = 1_000
  /// More than all that one connection may carry.
  private static let slowBurden = 1 << 32

  /// Hands out what is free: to transactions first, since they wait for a whole connection.
  func dispatch() {
    if isClosing { return closeIdle() }
    grantClaims()
    while let next = waiting.first, let connection = leastLoaded(for: next), let flight = waiting.popFirst() {
      if !holdBack(flight) { send(flight, on: connection) }
    }
  }

  // MARK: Waiting

  func scheduleSweep() {
    guard sweepTimer == nil, !(waiting.isEmpty && claims.isEmpty && quarantine.count == 0) else { return }
    sweepTimer = loop.schedule(after: 100) { [weak self] in
      guard let self else { return }
      sweepTimer = nil
      sweep()
      scheduleSweep()
    }
  }

  private func sweep() {
    let now = loop.now
    let isLate: (Flight) -> Bool = { $0.deadline <= now }
    for flight in waiting.removeAll(where: isLate) + quarantine.removeAll(where: isLate) {
      counted.timedOut += 1
      flight.complete(with: lateError)
    }
    for claim in claims.removeAll(where: { $0.deadline <= now }) {
      counted.timedOut += 1
      giveUp(claim, lateError)
    }
  }

  private var lateError: PostgresError { ready.isEmpty ? lastFailure : .timeout(sent: false) }

  private func refuseWaiting() {
    for flight in waiting.removeAll(where: { _ in true }) + quarantine.removeAll(where: { _ in true }) {
      flight.complete(with: .unavailable("closing"))
    }
    for claim in claims.removeAll(where: { _ in true }) { giveUp(claim, .unavailable("closing")) }
  }
}
