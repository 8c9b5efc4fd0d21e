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
    connection.maySitLong = false
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
      connection.maySitLong = false
      turns.end(claim.locks)
    }
    turns.leave(claim.locks)
    claim.granted(.failure(error))
  }

  func grantClaims() {
    var stillWaiting = Fifo<Claim>()
    while let claim = claims.popFirst() {
      if claim.grant == nil, turns.isFree(claim.locks), let wait = wait(of: claim.locks), let connection = reserve() {
        var patience = wait.patience
        if wait.isInTrouble, wantsToWait(claims) || wantsToWait(stillWaiting) { patience = Self.hastyPatience }
        claim.grant = Grant(connection: connection, patience: patience)
        connection.maySitLong = wait.isLong
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

  /// How long a transaction with those locks may sit on a connection; nil: not now, since half of them carry what waits
  /// long already.
  private func wait(of locks: [Int16]) -> (isLong: Bool, isInTrouble: Bool, patience: Int64?)? {
    if locks.isEmpty { return (false, false, nil) }
    let isFull = ready.count { $0.isReserved && $0.maySitLong } >= troubleMax
    if quarantine.isTroubled(locks) { return isFull ? nil : (true, true, nil) }
    let troubled = Int64(quarantine.troubledCount)
    if troubled == 0, !isFull { return (true, false, nil) }
    return (false, false, max(Self.hastyPatienceLeast, Self.hastyPatience / (1 + troubled)))
  }

  private func wantsToWait(_ claims: Fifo<Claim>) -> Bool {
    claims.contains { $0.grant == nil && quarantine.isTroubled($0.locks) }
  }

  /// One connection always stays for statements, unless there is only one at all; and not one on which something waits
  /// for a lock.
  private func reserve() -> PostgresConnection? {
    guard held < max(1, settings.connections - 1) else { return nil }
    let (open, likely) = (ready.filter(\.isOpenToAll), LockWait.likely.burden)
    let calm = open.filter { $0.burden < likely }
    if settings.connections > 2, calm.count == 1, open.count > 1 { return nil }
    guard let best = (calm.isEmpty ? open : calm).min(by: { $0.load < $1.load }) else { return nil }
    best.isReserved = true
    held += 1
    return best
  }
}
