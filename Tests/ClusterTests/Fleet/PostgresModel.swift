import ChatCore
@testable import TestKit

/// A PostgreSQL that does one piece of work after another: under more load than it can bear its queue grows, and
/// statements that come too late for who asked have been done all the same. That is how storms feed themselves.
final class PostgresModel {
  let time: VirtualTime
  let meter: FleetMeter
  /// Pieces of work a second.
  let capacity: Int
  var isAway = false
  private var busyUntil = 0  // microseconds
  private(set) var longestQueue: Milliseconds = 0

  init(_ time: VirtualTime, _ meter: FleetMeter, capacity: Int) {
    self.time = time
    self.meter = meter
    self.capacity = capacity
  }

  /// Takes in a statement; how long until its answer is ready.
  func take(_ statement: TroubledStore.Statement) -> Milliseconds {
    meter.note(statement.kind)
    let now = Int(time.now) * 1_000
    busyUntil = max(now, busyUntil) + statement.work * 1_000_000 / capacity
    let wait = Milliseconds((busyUntil - now) / 1_000)
    longestQueue = max(longestQueue, wait)
    return wait + 1
  }

  /// How long a statement would wait now.
  var queue: Milliseconds { max(0, Milliseconds(busyUntil / 1_000) - time.now) }
}

extension TroubledStore.Statement {
  /// A read by key is one; a transaction of ours has about three, a snapshot of a user's conversations too.
  fileprivate var work: Int {
    switch self {
    case .counters, .heads, .page, .read: 1
    case .snapshot, .write: 3
    }
  }

  fileprivate var kind: FleetMeter.Kind {
    switch self {
    case .counters: .counters
    case .heads: .heads
    case .page: .pages
    case .snapshot: .snapshots
    case .read: .otherReads
    case .write: .writes
    }
  }
}

/// A node's pool of connections to it: a few statements at once, the others wait their turn, none longer than the
/// deadline.
final class PostgresLine: StoreTroubles {
  /// Client-side, as the product has it.
  static let deadline: Milliseconds = 5_000

  private let model: PostgresModel
  private let connections: Int
  private var underWay = 0
  private var waiting: [UnsafeContinuation<Void, Never>] = []
  private var next = 0
  /// Nothing gets through.
  var isCut = false

  init(_ model: PostgresModel, connections: Int) {
    self.model = model
    self.connections = connections
  }

  func setsOut(_ statement: TroubledStore.Statement) async throws(ChatError) {
    let since = model.time.now
    if underWay >= connections {
      await withUnsafeContinuation { waiting.append($0) }
    } else {
      underWay += 1
    }
    if isCut || model.isAway {
      await model.time.sleep(5)
      try fail()
    }
    if model.time.now - since > PostgresLine.deadline { try fail() }
    let wait = model.take(statement)
    if wait > PostgresLine.deadline {
      model.meter.note(.lateStatements)
      await model.time.sleep(PostgresLine.deadline)
      try fail()
    }
    await model.time.sleep(wait)
    if isCut || model.isAway { try fail() }
  }

  func comesBack(_ statement: TroubledStore.Statement) async throws(ChatError) {
    await model.time.sleep(1)
    // Committed, and nobody hears it.
    if isCut { try fail() }
    release()
  }

  private func fail() throws(ChatError) {
    release()
    throw .unavailable(.database, retryAfter: 500)
  }

  private func release() {
    guard next < waiting.count else { return underWay -= 1 }
    let first = waiting[next]
    next += 1
    if next > 64, next * 2 > waiting.count {
      waiting.removeFirst(next)
      next = 0
    }
    first.resume()
  }
}
