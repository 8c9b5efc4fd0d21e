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
  private let targets: [ConnectTarget]
  private var nextTarget = 0
  private var ready: [PostgresConnection] = []
  private var opening: [PostgresConnection] = []
  private var held = 0
  private var waiting = Fifo<Flight>()
  private var claims = Fifo<Claim>()
  private var backoff: Backoff
  private var retryTimer: LoopTimer?
  private var sweepTimer: LoopTimer?
  private var lastFailure: PostgresError = .unavailable("not connected yet")
  private var isStarted = false
  private var isClosing = false
  private var closed: (() -> Void)?
  private var counted = PostgresCounters()

  /// A transaction that waits for a connection of its own.
  final class Claim: @unchecked Sendable {
    let deadline: Int64
    let granted: (Result<PostgresConnection, PostgresError>) -> Void
    /// Chosen and being emptied.
    var connection: PostgresConnection?

    init(deadline: Int64, _ granted: @escaping (Result<PostgresConnection, PostgresError>) -> Void) {
      self.deadline = deadline
      self.granted = granted
    }
  }

  /// A pool that connects at ``start()`` or when it is first used.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)`` when the URL cannot be read.
  public init(loop: EventLoop, settings: PostgresSettings) throws(PostgresError) {
    self.loop = loop
    self.settings = settings
    targets = try ConnectTarget.all(of: settings)
    backoff = Backoff(base: settings.backoffBase, most: settings.backoffMax)
  }

  /// How many connections it keeps.
  public var connectionsMax: Int { settings.connections }

  /// Begins to connect; from any thread.
  public func start() { onLoop { self.startOnLoop() } }

  /// What was counted so far, and how it stands; on the loop only.
  public var counters: PostgresCounters {
    var now = counted
    now.ready = ready.count
    now.underWay = ready.reduce(0) { $0 + $1.load }
    now.waiting = waiting.count + claims.count
    now.notices += ready.reduce(0) { $0 + $1.notices }
    return now
  }

  /// Why the last try to connect failed, when there is no connection; for readiness and logs. On the loop only.
  public var failure: PostgresError? { ready.isEmpty ? lastFailure : nil }

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
    guard waiting.count < settings.waitingMax else {
      counted.queueFull += 1
      return flight.complete(with: .queueFull)
    }
    startOnLoop()
    if waiting.isEmpty, let connection = leastLoaded() { return send(flight, on: connection) }
    waiting.append(flight)
    scheduleSweep()
  }

  /// Takes a transaction's wish for a connection of its own.
  func take(_ claim: Claim) {
    guard !isClosing else { return claim.granted(.failure(.unavailable("closing"))) }
    guard claims.count < settings.waitingMax else {
      counted.queueFull += 1
      return claim.granted(.failure(.queueFull))
    }
    startOnLoop()
    claims.append(claim)
    dispatch()
    scheduleSweep()
  }

  /// Gives a transaction's connection back.
  func release(_ connection: PostgresConnection) {
    held -= 1
    guard connection.state == .ready else { return dispatch() }
    connection.isReserved = false
    // In a transaction still, or worse: nobody may go on where somebody else stopped.
    guard connection.isIdle else { return connection.close(.lost("given back in an open transaction")) }
    dispatch()
  }

  private func send(_ flight: Flight, on connection: PostgresConnection) {
    counted.sent += 1
    connection.submit(flight)
  }

  /// The connection with the fewest flights; one whose oldest flight has waited long is taken only when all have.
  private func leastLoaded() -> PostgresConnection? {
    var best: PostgresConnection?
    var bestRank = Int.max
    let slow = loop.now + settings.queryTimeout - PostgresPool.slowAfter
    for connection in ready where !connection.isReserved && connection.load < settings.pipelineMax {
      let isSlow = connection.oldestDeadline.map { $0 < slow } ?? false
      let rank = connection.load + (isSlow ? settings.pipelineMax : 0)
      if rank < bestRank { (best, bestRank) = (connection, rank) }
    }
    return best
  }

  /// A statement that takes longer than this is taken to be stuck behind a lock or a slow disk.
  private static let slowAfter: Int64 = 50

  /// Hands out what is free: to transactions first, since they wait for a whole connection.
  private func dispatch() {
    if isClosing { return closeIdle() }
    grantClaims()
    while !waiting.isEmpty, let connection = leastLoaded(), let flight = waiting.popFirst() {
      send(flight, on: connection)
    }
  }

  private func grantClaims() {
    var stillWaiting = Fifo<Claim>()
    while let claim = claims.popFirst() {
      if claim.connection == nil { claim.connection = reserve() }
      guard let connection = claim.connection, connection.load == 0 else {
        stillWaiting.append(claim)
        continue
      }
      claim.granted(.success(connection))
    }
    claims = stillWaiting
  }

  /// One connection always stays for statements, unless there is only one at all.
  private func reserve() -> PostgresConnection? {
    guard held < max(1, settings.connections - 1) else { return nil }
    var best: PostgresConnection?
    for connection in ready where !connection.isReserved {
      if connection.load < best?.load ?? Int.max { best = connection }
    }
    guard let best else { return nil }
    best.isReserved = true
    held += 1
    return best
  }

  // MARK: Waiting

  private func scheduleSweep() {
    guard sweepTimer == nil, !(waiting.isEmpty && claims.isEmpty) else { return }
    sweepTimer = loop.schedule(after: 100) { [weak self] in
      guard let self else { return }
      sweepTimer = nil
      sweep()
      scheduleSweep()
    }
  }

  private func sweep() {
    let now = loop.now
    for flight in waiting.removeAll(where: { $0.deadline <= now }) {
      counted.timedOut += 1
      flight.complete(with: lateError)
    }
    for claim in claims.removeAll(where: { $0.deadline <= now }) {
      counted.timedOut += 1
      giveUp(claim, lateError)
    }
  }

  private func giveUp(_ claim: Claim, _ error: PostgresError) {
    if let connection = claim.connection {
      held -= 1
      connection.isReserved = false
    }
    claim.granted(.failure(error))
  }

  private var lateError: PostgresError { ready.isEmpty ? lastFailure : .timeout(sent: false) }

  private func refuseWaiting() {
    for flight in waiting.removeAll(where: { _ in true }) { flight.complete(with: .unavailable("closing")) }
    for claim in claims.removeAll(where: { _ in true }) { giveUp(claim, .unavailable("closing")) }
  }

  // MARK: Connections

  private func startOnLoop() {
    guard !isStarted else { return }
    isStarted = true
    openMissing()
  }

  /// While tries fail one connection feels the way; the others follow when it has got through.
  private func openMissing() {
    guard !isClosing, retryTimer == nil else { return }
    let most = backoff.failures > 0 ? 1 : settings.connections
    while ready.count + opening.count < settings.connections, opening.count < most {
      let pause = settings.gate.milliseconds(at: EventLoop.monotonicMilliseconds())
      guard pause == 0 else { return retry(after: pause) }
      let target = targets[nextTarget % targets.count]
      let connection = PostgresConnection(loop: loop, settings: settings, target: target, owner: self)
      opening.append(connection)
      connection.connect()
    }
  }

  private func retry(after pause: Int64) {
    guard retryTimer == nil else { return }
    retryTimer = loop.schedule(after: pause) { [weak self] in
      self?.retryTimer = nil
      self?.openMissing()
    }
  }

  private func closeIdle() {
    for connection in ready where connection.load == 0 && !connection.isReserved {
      connection.close(.unavailable("closing"))
    }
    for connection in opening { connection.close(.unavailable("closing")) }
    guard ready.isEmpty, opening.isEmpty else { return }
    closed?()
    closed = nil
  }
}

extension PostgresPool: ConnectionOwner {
  func connectionReady(_ connection: PostgresConnection) {
    opening.removeAll { $0 === connection }
    ready.append(connection)
    counted.connected += 1
    backoff.succeeded()
    settings.gate.succeeded()
    openMissing()
    dispatch()
  }

  func connectionClosed(_ connection: PostgresConnection, _ error: PostgresError, wasReady: Bool) {
    counted.notices += connection.notices
    ready.removeAll { $0 === connection }
    opening.removeAll { $0 === connection }
    for claim in claims.removeAll(where: { $0.connection === connection }) {
      claim.connection = nil
      held -= 1
      claims.prepend(claim)
    }
    guard !isClosing else { return closeIdle() }
    lastFailure = PostgresPool.asUnavailable(error)
    if wasReady {
      openMissing()
      return dispatch()
    }
    counted.connectFailures += 1
    nextTarget = (nextTarget + 1) % targets.count
    if connection.wasTurnedAway { settings.gate.turnedAway(at: EventLoop.monotonicMilliseconds()) }
    retry(after: backoff.failed())
  }

  /// For callers that never got a connection; what they asked was not sent.
  private static func asUnavailable(_ error: PostgresError) -> PostgresError {
    switch error {
    case .unavailable, .misconfigured: error
    default: .unavailable(error.description)
    }
  }

  func abandoned(_ flight: Flight, _ error: PostgresError) {
    if case .timeout = error { counted.timedOut += 1 } else { counted.lost += 1 }
    guard case .lost = error, flight.repeatable, !isClosing else { return flight.complete(with: error) }
    counted.repeated += 1
    flight.reset()
    waiting.prepend(flight)
    scheduleSweep()
  }

  func answered(_ flight: Flight, on connection: PostgresConnection) {
    if let failure = flight.failure {
      counted.refused += 1
      if failure.isWorthRepeating, !connection.isReserved, repeatSoon(flight) { return dispatch() }
    }
    flight.complete()
    if connection.load < settings.pipelineMax { dispatch() }
  }

  /// The server rolled the flight back, so that sending it again is safe; a little later, so that the two do not meet again.
  private func repeatSoon(_ flight: Flight) -> Bool {
    guard flight.repetitions < settings.repetitionsMax else { return false }
    let pause = Int64.random(in: 1...20)
    guard loop.now + pause < flight.deadline else { return false }
    flight.repetitions += 1
    flight.reset()
    counted.repeated += 1
    loop.schedule(after: pause) { self.take(flight) }
    return true
  }
}
