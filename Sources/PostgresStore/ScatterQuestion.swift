import Postgres

/// What a scatter statement finds a row by.
struct ScatterID: Hashable {
  let bucket: Int16
  let id: Int64
}

/// One statement to be sent, and all who wait for its answer.
final class ScatterQuestion {
  /// What is asked, but for keys.
  struct Key: Hashable {
    let name: String
    let parameters: [[Parameter]]
  }

  let key: Key
  let statement: Statement
  let limits: Scatter
  let deadline: Int64
  /// From when on nobody joins: who comes late would have too little of his own time.
  private let joinableUntil: Int64
  /// Until when its answer may be kept: that long after it was asked, not after it was answered.
  let freshUntil: Int64
  /// What the desk knew of changes when it was asked.
  let changes: Int
  private(set) var waiters: [Waiter]
  private var keys: Set<ScatterID>

  /// Who waits for the answer, and what of it he needs.
  struct Waiter {
    let keys: [ScatterID]
    let done: (Result<[Rows], PostgresError>) -> Void
  }

  init(
    _ key: Key, _ statement: Statement, _ waiters: [Waiter], at now: Int64, within most: Int64, after changes: Int
  ) {
    self.key = key
    self.statement = statement
    self.waiters = waiters
    keys = Set(waiters.flatMap(\.keys))
    self.changes = changes
    limits = statement.scatter ?? .ofOneShardEach
    deadline = now + min(limits.deadline, most)
    joinableUntil = now + min(limits.deadline, most) / 2
    freshUntil = now + limits.keptFor
  }

  private init(half: ArraySlice<Waiter>, of whole: ScatterQuestion) {
    (key, statement, limits) = (whole.key, whole.statement, whole.limits)
    (deadline, joinableUntil, freshUntil) = (whole.deadline, whole.joinableUntil, whole.freshUntil)
    changes = whole.changes
    waiters = Array(half)
    keys = Set(half.flatMap(\.keys))
  }

  /// Takes one more who waits, unless there would be too many keys, or too little time for him.
  func joins(_ waiter: Waiter, at now: Int64) -> Bool {
    guard now <= joinableUntil, waiter.keys.isEmpty || keys.count + waiter.keys.count <= limits.most else {
      return false
    }
    keys.formUnion(waiter.keys)
    waiters.append(waiter)
    return true
  }

  /// The same for each half of those who wait, within the same deadline; none when it is one alone, or all ask the
  /// same.
  var halves: [ScatterQuestion] {
    guard waiters.count > 1, waiters.contains(where: { Set($0.keys) != keys }) else { return [] }
    let middle = waiters.count / 2
    return [waiters[..<middle], waiters[middle...]].map { ScatterQuestion(half: $0, of: self) }
  }

  /// What goes to the server.
  func statements(onCitus: Bool) -> [(statement: Statement, parameters: [Parameter])] {
    let statement = onCitus ? statement.pruned : statement
    guard !keys.isEmpty else { return key.parameters.map { (statement, $0) } }
    let ids = keys.sorted { $0.id < $1.id }
    let keyed: [Parameter] = [.int2s(ids.map(\.bucket)), .int8s(ids.map(\.id))]
    return [(statement, keyed + (key.parameters.first ?? []))]
  }
}

/// Forms of scatter statements for a Citus.
extension Statement {
  /// The same, asking only the shards of the buckets that it is given: from a join with a list of them a Citus cannot
  /// tell, and asks every shard, also one that nobody needs and whose machine is away. A plain server is better
  /// served by one plan for all lists.
  ///
  /// - Source: Citus' shard pruning, which reads `column = ANY(array)` once parameters have their values.
  var pruned: Statement {
    let narrow = sql.replacing(/\b(\w+)\.bucket = asked\.bucket::smallint/) {
      "\($0.0) AND \($0.1).bucket = ANY($1::smallint[])"
    }
    if narrow == sql { return self }
    // A connection that had the other text under the same name would go on with it.
    return Statement("\(name).pruned", narrow, repeatable: repeatable, scatter: scatter)
  }
}
