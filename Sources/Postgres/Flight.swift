/// How likely a flight is to wait for a lock, and all behind it on its connection with it.
public enum LockWait: Int, Sendable {
  /// It reads, or writes what nobody else does.
  case never
  /// It locks what others lock too.
  case maybe
  /// Last time it did.
  case likely

  /// What it adds to its connection's burden: more than all flights of the lesser kinds together that one may carry.
  var burden: Int { 1 << (10 * rawValue) }
}

/// Statements that are sent together and end with one Sync: one transaction, unless one is open. Answered when the
/// server has confirmed the Sync, so after the commit. Those that are brief may share their Sync.
///
/// - Isolation: belongs to the loop of its pool; handed over to it once.
final class Flight: @unchecked Sendable {
  /// What is sent.
  enum Content: Sendable {
    /// Prepared statements, each with its parameters.
    case statements([(statement: Statement, parameters: [Parameter])])
    /// Several commands in one text, by the simple protocol: migrations.
    case script(String)
  }

  let content: Content
  /// Monotonic milliseconds at which the caller gives up.
  let deadline: Int64
  /// How likely it is to wait for a lock, so that others do not queue behind it who can go elsewhere.
  let waits: LockWait
  /// Whether its sender sees to it himself that what hangs in one bucket does not take all connections.
  private let keepsApart: Bool
  /// Monotonic milliseconds at which it was sent.
  var sent: Int64 = 0
  /// Whether it belongs to an open transaction, and so to its connection.
  let isBound: Bool
  private let completion: (Result<[Rows], PostgresError>) -> Void
  private var results: [Rows] = []
  private(set) var failure: PostgresError?
  /// How often it was sent again after a deadlock or conflict.
  var repetitions = 0
  /// Whether it was in the first transaction of a connection that did not answer in time, and had no answer itself.
  var hangs = false
  /// Whether its bucket was in trouble when it was sent, and its answer tells whether it still is.
  var isProbe = false
  /// Whether it was not carried out since another one, before it in the same transaction, failed.
  private(set) var isSpoiled = false
  /// Whether it shares no transaction any more.
  private var goesAlone = false

  init(
    _ content: Content, deadline: Int64, isBound: Bool = false, waits: LockWait = .never, keepsApart: Bool = false,
    _ completion: @escaping (Result<[Rows], PostgresError>) -> Void
  ) {
    self.content = content
    self.deadline = deadline
    self.isBound = isBound
    self.waits = waits
    self.keepsApart = keepsApart
    self.completion = completion
  }

  /// Whether it may be sent again, on another connection, although it may have been carried out.
  var repeatable: Bool {
    switch content {
    case .statements(let statements): !isBound && statements.allSatisfy(\.statement.repeatable)
    case .script: false
    }
  }

  /// Statements of one flight that may share a transaction with other flights.
  static let briefMax = 4

  /// Whether it may share a transaction with others of its like: none of them locks, writes, or takes long.
  var isBrief: Bool {
    switch content {
    case .statements(let statements):
      !isBound && !goesAlone && (1...Self.briefMax).contains(statements.count)
        && statements.allSatisfy(\.statement.brief)
    case .script: false
    }
  }

  /// The buckets that it touches and that the pool looks after: each statement of one bucket names it first.
  var buckets: [Int16] {
    guard !keepsApart, case .statements(let statements) = content else { return [] }
    var buckets: [Int16] = []
    for (_, parameters) in statements {
      if case .int2(let bucket?)? = parameters.first, !buckets.contains(bucket) { buckets.append(bucket) }
    }
    return buckets
  }

  /// The bucket of the statement that failed, where each before it was answered.
  var bucketThatFailed: Int16? {
    guard !keepsApart, failure != nil, case .statements(let statements) = content, results.count < statements.count,
      case .int2(let bucket?)? = statements[results.count].parameters.first
    else { return nil }
    return bucket
  }

  /// The first parameter that cannot be sent.
  var refusal: PostgresError? {
    guard case .statements(let statements) = content else { return nil }
    for (_, parameters) in statements {
      if let index = parameters.firstIndex(where: \.holdsNUL) { return .textWithNUL(parameter: index) }
    }
    return nil
  }

  func received(_ rows: Rows) { results.append(rows) }

  /// Only the first failure counts: what follows is its consequence.
  func failed(_ error: PostgresError) { if failure == nil { failure = error } }

  /// It was not carried out: what failed before it in the same transaction took it along, which happens once.
  func spoiled() {
    guard failure == nil else { return }
    isSpoiled = true
  }

  /// Forgets what came of sending it. What is sent again goes alone: else a statement that ends each session in which
  /// it is tried would take its neighbours along each time.
  func reset() {
    goesAlone = true
    hangs = false
    isSpoiled = false
    results = []
    failure = nil
  }

  /// Answers its caller; called once.
  func complete() {
    if let failure { completion(.failure(failure)) } else { completion(.success(results)) }
  }

  /// Answers its caller with a failure.
  func complete(with error: PostgresError) { completion(.failure(error)) }
}
