import IORuntime

/// Statements between BEGIN and COMMIT on a connection of their own; each may depend on the answers before it.
///
/// - Isolation: used by one task, inside ``PostgresPool/transaction(failing:_:)`` only.
public final class PostgresTransaction: @unchecked Sendable {
  private let pool: PostgresPool
  private let connection: PostgresConnection
  private let patience: Int64?
  /// Whether that is all the time there is.
  private let isLast: Bool
  private let deadline: Int64
  private var hasBegun = false
  /// The first thing that went wrong; from then on the server refuses everything.
  private(set) var failure: PostgresError?

  init(pool: PostgresPool, grant: PostgresPool.Grant, deadline: Int64) {
    self.pool = pool
    connection = grant.connection
    // Else the server would go on waiting for nobody.
    let left = deadline - EventLoop.monotonicMilliseconds() - pool.refusalTime
    isLast = left < grant.patience ?? pool.lockTimeout
    patience = isLast ? max(PostgresPool.hastyPatienceLeast, left) : grant.patience
    self.deadline = deadline
  }

  /// Carries out one statement.
  public func query(_ statement: Statement, _ parameters: [Parameter] = []) async throws(PostgresError) -> Rows {
    let results = try await fly([(statement, parameters)])
    guard let rows = results.first else { throw .unexpectedReply("no answer to \(statement.name)") }
    return rows
  }

  /// Carries out different statements, in that order and in one round trip.
  public func all(_ statements: [(statement: Statement, parameters: [Parameter])]) async throws(PostgresError) -> [Rows]
  {
    guard !statements.isEmpty else { return [] }
    return try await fly(statements)
  }

  /// Carries out a text of several commands without parameters, by the simple protocol: migrations. Something must have
  /// been asked and answered in this transaction before.
  public func script(_ text: String) async throws(PostgresError) { _ = try await fly(.script(text)) }

  /// - Throws: when it was rolled back instead, or when nobody knows (``PostgresError/isInDoubt``).
  func commit() async throws(PostgresError) {
    guard hasBegun else { return }
    let tag = try await fly([(PostgresTransaction.commit, [])]).first?.tag
    guard tag == "COMMIT" else { throw failure ?? .unexpectedReply("COMMIT was answered \(tag ?? "nothing")") }
  }

  /// When it cannot be said, the connection is closed, which undoes everything too.
  func rollback() async {
    guard hasBegun else { return }
    _ = try? await fly([(PostgresTransaction.rollback, [])])
  }

  /// BEGIN travels with what is asked first: were it refused alone, what follows would be carried out outside.
  private func fly(_ statements: [(statement: Statement, parameters: [Parameter])]) async throws(PostgresError)
    -> [Rows]
  {
    if hasBegun { return try await fly(.statements(statements)) }
    for (_, parameters) in statements {
      if let index = parameters.firstIndex(where: \.holdsNUL) { throw .textWithNUL(parameter: index) }
    }
    hasBegun = true
    var first: [(statement: Statement, parameters: [Parameter])] = [(PostgresTransaction.begin, [])]
    if let patience { first.append(Statement.lockPatience(patience)) }
    return Array(try await fly(.statements(first + statements)).dropFirst(first.count))
  }

  private func fly(_ content: Flight.Content) async throws(PostgresError) -> [Rows] {
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[Rows], PostgresError>, Never>) in
      let flight = Flight(content, deadline: deadline, isBound: true) {
        continuation.resume(returning: $0)
      }
      pool.onLoop { [self] in
        if let refusal = flight.refusal { return flight.complete(with: refusal) }
        connection.submit(flight)
      }
    }
    if case .failure(let error) = result { note(error) }
    return try result.get()
  }

  /// Whether it gave up what others had locked, only to make room.
  var hasMadeRoom: Bool { patience != nil && !isLast && failure?.sqlstate == SQLState.lockNotAvailable }

  private func note(_ error: PostgresError) { if failure == nil { failure = error } }

  private static let begin = Statement("transaction.begin", "BEGIN")
  private static let commit = Statement("transaction.commit", "COMMIT")
  private static let rollback = Statement("transaction.rollback", "ROLLBACK")
}

extension PostgresPool {
  /// Runs `body` between BEGIN and COMMIT; when it throws, everything is rolled back and its error passed on.
  ///
  /// The victim of a deadlock or conflict is rolled back and `body` runs again, as is who waited for a lock while many
  /// do: it must have no effect but on the database.
  ///
  /// - Parameter locks: numbers of what it will lock. It waits for those before it that lock one of them too, without
  ///   holding a connection meanwhile.
  /// - Throws: what `body` throws, and what `failing` makes of an error of the database.
  public func transaction<Value, Failure: Error>(
    locking locks: Set<Int16> = [], failing: (PostgresError) -> Failure,
    _ body: (PostgresTransaction) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let deadline = deadline(nil)
    let locks = Array(locks)
    var repetitions = 0
    while true {
      let grant: Grant
      do {
        grant = try await claim(deadline: deadline, locks: locks)
      } catch {
        throw failing(error)
      }
      let transaction = PostgresTransaction(pool: self, grant: grant, deadline: deadline)
      let outcome = await attempt(transaction, failing: failing, body)
      onLoop { self.release(grant.connection, locks: locks) }
      switch outcome {
      case .success(let value): return value
      case .failure(let error):
        if transaction.hasMadeRoom, EventLoop.monotonicMilliseconds() < deadline { continue }
        repetitions += 1
        guard transaction.failure?.isWorthRepeating ?? false, repetitions <= settings.repetitionsMax else {
          throw error
        }
        await loop.sleep(Int64.random(in: 1...20))
      }
    }
  }

  /// Runs `body` between BEGIN and COMMIT, throwing the database's errors as they are.
  public func transaction<Value>(
    locking locks: Set<Int16> = [], _ body: (PostgresTransaction) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await transaction(locking: locks, failing: { $0 }, body)
  }

  private func attempt<Value, Failure: Error>(
    _ transaction: PostgresTransaction, failing: (PostgresError) -> Failure,
    _ body: (PostgresTransaction) async throws(Failure) -> Value
  ) async -> Result<Value, Failure> {
    let value: Value
    do {
      value = try await body(transaction)
    } catch {
      await transaction.rollback()
      return .failure(error)
    }
    do {
      try await transaction.commit()
      return .success(value)
    } catch {
      return .failure(failing(error))
    }
  }

  private func claim(deadline: Int64, locks: [Int16]) async throws(PostgresError) -> Grant {
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<Grant, PostgresError>, Never>) in
      let claim = Claim(deadline: deadline, locks: locks) { continuation.resume(returning: $0) }
      onLoop { self.take(claim) }
    }
    return try result.get()
  }
}
