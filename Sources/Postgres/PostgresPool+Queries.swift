import IORuntime

extension PostgresPool {
  /// Carries out one statement as a transaction of its own.
  ///
  /// - Throws: ``PostgresError``. Deadlocks and conflicts have been repeated before.
  public func query(_ statement: Statement, _ parameters: [Parameter] = [], timeout: Int64? = nil)
    async throws(PostgresError) -> Rows
  {
    let results = try await fly([(statement, parameters)], timeout: timeout)
    guard let rows = results.first else { throw .unexpectedReply("no answer to \(statement.name)") }
    return rows
  }

  /// Carries out a statement once for each list of parameters, in one transaction and one round trip; answers in that
  /// order.
  public func queries(_ statement: Statement, each parameters: [[Parameter]], timeout: Int64? = nil)
    async throws(PostgresError) -> [Rows]
  {
    try await queries(parameters.map { (statement, $0) }, timeout: timeout)
  }

  /// Carries out statements in their order, in one transaction and one round trip; an answer for each.
  public func queries(_ statements: [(statement: Statement, parameters: [Parameter])], timeout: Int64? = nil)
    async throws(PostgresError) -> [Rows]
  {
    statements.isEmpty ? [] : try await fly(statements, timeout: timeout)
  }

  /// Carries out statements in their order, as one transaction, and calls back; for those who gather work on the loop.
  /// On the loop only.
  ///
  /// The callback runs on the loop, maybe before this returns.
  ///
  /// - Parameters:
  ///   - waits: how likely it is to wait for a lock; others go to other connections while there are any.
  ///   - keepsApart: whether the caller himself bounds how much of what hangs is under way, so that it need not wait
  ///     here for what else hangs in its bucket, nor that for it ("In trouble").
  public func submit(
    _ statements: [(statement: Statement, parameters: [Parameter])], timeout: Int64? = nil, waits: LockWait = .never,
    keepsApart: Bool = false, _ completion: @escaping (Result<[Rows], PostgresError>) -> Void
  ) {
    take(Flight(.statements(statements), deadline: deadline(timeout), waits: waits, keepsApart: keepsApart, completion))
  }

  private func fly(_ statements: [(statement: Statement, parameters: [Parameter])], timeout: Int64?)
    async throws(PostgresError) -> [Rows]
  {
    let deadline = deadline(timeout)
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[Rows], PostgresError>, Never>) in
      let flight = Flight(.statements(statements), deadline: deadline) { continuation.resume(returning: $0) }
      onLoop { self.take(flight) }
    }
    return try result.get()
  }

  /// Whether what writes in a bucket would wait here for something that hangs there, and so would whatever shares its
  /// transaction. On the loop only.
  public func holdsUp(_ bucket: Int16) -> Bool {
    if quarantine.isTroubled([bucket]) { return true }
    let slow = EventLoop.monotonicMilliseconds() - PostgresPool.slowAfter
    return ready.contains { connection in
      guard let oldest = connection.oldest, oldest.sent < slow, !oldest.repeatable else { return false }
      return oldest.buckets.contains(bucket)
    }
  }

  func deadline(_ timeout: Int64?) -> Int64 {
    EventLoop.monotonicMilliseconds() + (timeout ?? settings.queryTimeout)
  }
}
