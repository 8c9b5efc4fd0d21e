/// Who may lock what: of the transactions of one pool only one at a time locks a thing.
///
/// On the server they would wait for each other all the same, but each on a connection of its own; so a thing that
/// somebody else holds locked, or that a crowd wants to change, would take all connections, and whoever locks something
/// else would wait behind it.
///
/// - Limits: what waits is bounded for each thing and for all together by the pool. Nobody is passed over who could go;
///   whoever locks two things goes when both are free, others of either may have gone before.
/// - Isolation: belongs to its pool.
struct Turns {
  private var busy: Set<Int16> = []
  private var queued: [Int16: Int] = [:]

  /// Joins the queues of all; false when one of them is full.
  mutating func queue(_ locks: [Int16], atMost most: Int) -> Bool {
    guard locks.allSatisfy({ queued[$0, default: 0] < most }) else { return false }
    for lock in locks { queued[lock, default: 0] += 1 }
    return true
  }

  /// Leaves them, carried out or not.
  mutating func leave(_ locks: [Int16]) {
    for lock in locks {
      guard let count = queued[lock], count > 1 else {
        queued[lock] = nil
        continue
      }
      queued[lock] = count - 1
    }
  }

  /// Whether nobody's turn is under way at any of them.
  func isFree(_ locks: [Int16]) -> Bool { busy.isDisjoint(with: locks) }

  mutating func begin(_ locks: [Int16]) { busy.formUnion(locks) }

  mutating func end(_ locks: [Int16]) { busy.subtract(locks) }
}
