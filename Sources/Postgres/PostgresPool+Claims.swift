import IORuntime

/// Transactions that want a connection of their own, and who gets one.
extension PostgresPool {
  /// A transaction that waits for a connection of its own.
  final class Claim: @unchecked Sendable {
    let deadline: Int64
    /// What it will lock; it waits for its turn among those who lock one of them too.
    let locks: [Int16]
    let granted: (Result<Grant, PostgresError>) -> Void
    /// What it was given, which is being emptied yet.
    var grant: Grant?

    init(deadline: Int64, locks: [Int16], _ granted: @escaping (Result<Grant, PostgresError>) -> Void) {
      self.deadline = deadline
      self.locks = locks
      self.granted = granted
    }
  }

  /// How a transaction that may wait for a lock sits on its connection.
  enum Sitting {
    /// Only as long as it takes to find out.
    case briefly
    /// In trouble, and not before its turn is over.
    case inTurn
    /// As long as any statement.
    case endless
  }

  /// A connection for a transaction.
  struct Grant {
    let connection: PostgresConnection
    /// How long it may wait for a lock, in milliseconds, before it makes room and tries again; nil: as long as any
    /// statement.
    let patience: Int64?
  }

  /// How long one that has half of the connections' worth of others waiting beside it waits for a lock: some commits of
  /// a busy machine. The more is in trouble, the sooner the next is taken to be; sixty are found out within half a
  /// second.
  static let hastyPatience: Int64 = 100
  /// A commit's time.
  static let hastyPatienceLeast: Int64 = 5
  /// How long one that may wait as any statement does sits on the only connection for transactions, which is all that a
  /// pool of one or two has, before it lets others go first: a second and more of that delays all that is changed. Held
  /// for a commit it has its lock within.
  static let onlySeatPatience: Int64 = 400
  /// How long it takes, in milliseconds and without what the server needs, until each of those that are in trouble has
  /// had a turn: what was held for a moment only waits so long behind those that are held for long.
  static let roundMost: Int64 = 1_000

  /// How long one in trouble waits for a lock while so many others in trouble want to.
  static func turn(others: Int, atOnce: Int) -> Int64 {
    max(hastyPatienceLeast, min(hastyPatience, roundMost * Int64(atOnce) / Int64(others + 1)))
  }

  /// Takes a transaction's wish for a connection of its own.
  func take(_ claim: Claim) {
    guard !isClosing else { return claim.granted(.failure(.unavailable("closing"))) }
    guard claims.count < settings.waitingMax, turns.queue(claim.locks, atMost: settings.waitingForLockMax) else {
      counted.queueFull += 1
      return claim.granted(.failure(.queueFull))
    }
    startOnLoop()
    claims.append(claim)
    dispatch()
    scheduleSweep()
  }

  /// Gives a transaction's connection back, and its turn to the next.
  func release(_ connection: PostgresConnection, locks: [Int16]) {
    held -= 1
    turns.end(locks)
    turns.leave(locks)
    connection.sitting = .briefly
    guard connection.state == .ready else { return dispatch() }
    connection.isReserved = false
    // In a transaction still, or worse: nobody may go on where somebody else stopped.
    guard connection.isIdle else { return connection.close(.lost("given back in an open transaction")) }
    retireSurplus()
    closeRetired(connection)
    dispatch()
  }

  /// Its connection was lost before it had it: it waits for another, the next to get one.
  func renew(_ claim: Claim) {
    claim.grant = nil
    held -= 1
    turns.end(claim.locks)
    claims.prepend(claim)
  }

  func giveUp(_ claim: Claim, _ error: PostgresError) {
    if let connection = claim.grant?.connection {
      held -= 1
      connection.isReserved = false
      connection.sitting = .briefly
      turns.end(claim.locks)
    }
    turns.leave(claim.locks)
    claim.granted(.failure(error))
  }

  func grantClaims() {
    var stillWaiting = Fifo<Claim>()
    while let claim = claims.popFirst() {
      if claim.grant == nil, turns.isFree(claim.locks), maySit(claim.locks), let connection = reserve() {
        let (sitting, patience) = wait(of: claim.locks) { wantToWait(claims) + wantToWait(stillWaiting) }
        claim.grant = Grant(connection: connection, patience: patience)
        connection.sitting = sitting
        turns.begin(claim.locks)
      }
      guard let grant = claim.grant, grant.connection.load == 0 else {
        stillWaiting.append(claim)
        continue
      }
      claim.granted(.success(grant))
    }
    claims = stillWaiting
  }

  /// How many transactions may have a connection: one always stays for statements, unless there is only one at all.
  private var seats: Int { max(1, settings.connections - 1) }

  private func sitting(_ such: (Sitting) -> Bool) -> Int { ready.count { $0.isReserved && such($0.sitting) } }

  /// Whether a transaction with those locks may have a connection; not while half of them carry what waits long already
  /// and it is in trouble too.
  private func maySit(_ locks: [Int16]) -> Bool {
    !quarantine.isTroubled(locks) || sitting { $0 != .briefly } < troubleMax
  }

  /// How it sits there, and how long it may wait for a lock.
  ///
  /// - Parameter others: how many in trouble want to.
  private func wait(of locks: [Int16], others: () -> Int) -> (sitting: Sitting, patience: Int64?) {
    if locks.isEmpty { return (.briefly, nil) }
    let endless = sitting { $0 == .endless }
    let longest = seats == 1 ? Self.onlySeatPatience : nil
    // One of the half is always left to those that take turns, or the first two would keep sixty waiting for seconds.
    let mayBeEndless = endless < max(1, troubleMax - 1) && sitting { $0 != .briefly } < troubleMax
    let troubled = quarantine.troubledCount
    guard quarantine.isTroubled(locks) else {
      if troubled == 0, mayBeEndless { return (.endless, longest) }
      return (.briefly, max(Self.hastyPatienceLeast, Self.hastyPatience / Int64(1 + troubled)))
    }
    // Several may want one bucket, and take one turn of a round.
    let others = min(others(), troubled)
    if others == 0, mayBeEndless { return (.endless, longest) }
    return (.inTurn, Self.turn(others: others, atOnce: max(1, troubleMax - endless)))
  }

  private func wantToWait(_ claims: Fifo<Claim>) -> Int {
    claims.count { $0.grant == nil && quarantine.isTroubled($0.locks) }
  }

  /// Not one on which something waits for a lock, while that would leave statements none without.
  private func reserve() -> PostgresConnection? {
    guard held < seats else { return nil }
    let (open, likely) = (ready.filter(\.isOpenToAll), LockWait.likely.burden)
    let calm = open.filter { $0.burden < likely }
    if settings.connections > 2, calm.count == 1, open.count > 1 { return nil }
    guard let best = (calm.isEmpty ? open : calm).min(by: { $0.load < $1.load }) else { return nil }
    best.isReserved = true
    held += 1
    return best
  }
}
