import IORuntime

/// Spreading connections over hosts that all take writes (``HostSpreading``).
///
/// Each new connection goes to the host that has the fewest. While a host is gone the others carry all; when it is
/// back, connections move to it one by one, each opened there before one is given up elsewhere.
extension PostgresPool {
  /// How often one connection at most is moved: slow enough that a host which has just started is not flooded.
  static let rebalanceInterval: Int64 = 2_000

  /// The host to connect to next, by its place in the URL; nil when none may be tried now.
  func nextHost() -> Int? {
    guard spreads else { return failedTries % targets.count }
    let now = EventLoop.monotonicMilliseconds()
    let counts = connectionsByHost()
    // From a place of the pool's own, so that the first connections of all pools do not meet on one host.
    let order = targets.indices.map { ($0 + firstHost) % targets.count }.sorted { counts[$0] < counts[$1] }
    return order.first { settings.gate.hosts.mayTry($0, at: now, lasting: settings.connectTimeout) }
  }

  /// How many connections each host has or is about to have.
  func connectionsByHost() -> [Int] {
    var counts = targets.map { _ in 0 }
    for connection in ready + opening where !connection.isRetiring { counts[connection.host] += 1 }
    return counts
  }

  /// Looks now and then whether a host that was gone is back.
  func scheduleRebalancing() {
    guard spreads, rebalanceTimer == nil, !isClosing else { return }
    let pause = Int64.random(in: PostgresPool.rebalanceInterval / 2...PostgresPool.rebalanceInterval)
    rebalanceTimer = loop.schedule(after: pause) { [weak self] in
      guard let self else { return }
      rebalanceTimer = nil
      rebalance()
      scheduleRebalancing()
    }
  }

  private func rebalance() {
    guard !isClosing, opening.isEmpty, ready.count == settings.connections else { return }
    let counts = connectionsByHost()
    guard let fewest = counts.min(), let most = counts.max(), most - fewest >= 2 else { return }
    let now = EventLoop.monotonicMilliseconds()
    let host = counts.indices.filter { counts[$0] == fewest }.shuffled()
      .first { settings.gate.hosts.mayTry($0, at: now, lasting: settings.connectTimeout) }
    if let host { open(host) }
  }

  /// Gives up a connection of the host that has the most, when there is one more than wanted: nothing new is sent on
  /// it, and it is closed when all is answered.
  func retireSurplus() {
    guard spreads, ready.count(where: { !$0.isRetiring }) > settings.connections else { return }
    let counts = connectionsByHost()
    let surplus = ready.filter { !$0.isRetiring && !$0.isReserved }
      .max { (counts[$0.host], -$0.load) < (counts[$1.host], -$1.load) }
    guard let surplus else { return }
    surplus.isRetiring = true
    closeRetired(surplus)
  }

  /// Closes a connection that is given up and has nothing under way.
  func closeRetired(_ connection: PostgresConnection) {
    guard connection.isRetiring, connection.load == 0, !connection.isReserved else { return }
    connection.close(.unavailable("another host has fewer connections"))
  }
}
