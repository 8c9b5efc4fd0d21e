import IORuntime

extension PostgresPool {
  func startOnLoop() {
    guard !isStarted else { return }
    isStarted = true
    unreachableSince = EventLoop.monotonicMilliseconds()
    openMissing()
    scheduleRebalancing()
  }

  /// While tries fail one connection feels the way; the others follow when it has got through.
  private func openMissing() {
    guard !isClosing, retryTimer == nil else { return }
    let most = backoff.failures > 0 ? 1 : settings.connections
    // What libpq refuses at once (no such socket, no more files) has been told before `open` returns.
    while retryTimer == nil, ready.count + opening.count < settings.connections, opening.count < most {
      let now = EventLoop.monotonicMilliseconds()
      let pause = settings.gate.milliseconds(at: now)
      guard pause == 0 else { return retry(after: pause) }
      guard let host = nextHost() else { return retry(after: settings.gate.hosts.pause(targets.count, at: now)) }
      open(host)
    }
  }

  func open(_ host: Int) {
    let connection = PostgresConnection(
      loop: loop, settings: settings, target: targets[host], host: host, addressIndex: failedTries / targets.count,
      seeksCoordinator: settings.needsCoordinator && targets.count > 1, owner: self)
    opening.append(connection)
    connection.connect()
  }

  private func retry(after pause: Int64) {
    guard retryTimer == nil else { return }
    retryTimer = loop.schedule(after: pause) { [weak self] in
      self?.retryTimer = nil
      self?.openMissing()
    }
  }

  func closeIdle() {
    rebalanceTimer?.cancel()
    rebalanceTimer = nil
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
    isCitus = connection.isCitus
    unreachableSince = nil
    counted.connected += 1
    observe(.connected(host: targets[connection.host].name))
    backoff.succeeded()
    settings.gate.succeeded()
    settings.gate.hosts.succeeded(connection.host)
    retireSurplus()
    openMissing()
    dispatch()
  }

  func connectionClosed(_ connection: PostgresConnection, _ error: PostgresError, wasReady: Bool) {
    counted.notices += connection.notices
    ready.removeAll { $0 === connection }
    opening.removeAll { $0 === connection }
    if ready.isEmpty, unreachableSince == nil { unreachableSince = EventLoop.monotonicMilliseconds() }
    for claim in claims.removeAll(where: { $0.grant?.connection === connection }) { renew(claim) }
    guard !isClosing else { return closeIdle() }
    lastFailure = PostgresPool.asUnavailable(error)
    let now = EventLoop.monotonicMilliseconds()
    tell(connection, error, wasReady)
    if wasReady {
      if spreads, !connection.isRetiring { settings.gate.hosts.lost(connection.host, at: now) }
      openMissing()
      return dispatch()
    }
    counted.connectFailures += 1
    failedTries += 1
    if spreads {
      settings.gate.hosts.failed(connection.host, at: now)
      return openMissing()
    }
    if connection.wasTurnedAway { settings.gate.turnedAway(at: now) }
    retry(after: backoff.failed())
  }

  private func tell(_ connection: PostgresConnection, _ error: PostgresError, _ wasReady: Bool) {
    guard !connection.isRetiring else { return }
    let host = targets[connection.host].name
    observe(wasReady ? .lost(host: host, error) : .failed(host: host, error))
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
    settle(flight, as: flight.hangs ? .hung : .lost)
    guard case .lost = error, flight.repeatable, !isClosing else { return flight.complete(with: error) }
    sendAgain(flight)
  }

  /// It has waited for its turn already: it goes before those who wait.
  func notCarriedOut(_ flight: Flight) {
    settle(flight, as: .lost)
    guard !isClosing else { return flight.complete(with: .unavailable("closing")) }
    sendAgain(flight)
  }

  private func sendAgain(_ flight: Flight) {
    counted.repeated += 1
    flight.reset()
    waiting.prepend(flight)
    scheduleSweep()
    // Not at once, since others of the same connection are yet to come; not only when there is a new connection, since
    // those that are left may be idle, and then nothing else would ever look at what waits.
    loop.execute { self.dispatch() }
  }

  /// Looks again at what waited for it; the server's own deadlines are time-outs too.
  private func settle(_ flight: Flight, as end: Quarantine.End) {
    for freed in quarantine.ended(flight, as: end) { take(freed) }
  }

  func answered(_ flight: Flight, on connection: PostgresConnection) {
    settle(flight, as: flight.failure?.isOfTime == true ? .hung : .answered)
    if let failure = flight.failure {
      counted.refused += 1
      if failure.isWorthRepeating, !connection.isReserved, repeatSoon(flight) { return dispatch() }
    }
    flight.complete()
    closeRetired(connection)
    if connection.load < settings.pipelineMax { dispatch() }
  }

  /// The server rolled the flight back, so that sending it again is safe; a little later, so that the two do not meet
  /// again.
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
