import ChatCore
import Synchronization

/// What sessions of a node were sent whose connections were lost: a client that comes back soon goes on from there.
///
/// - Isolation: thread-safe, since a client may come back to another loop.
/// - Limits: ``keptFor``, ``sessionsMax``, ``headsMax``; past them the oldest go, and their clients come in anew.
public final class RecoveryShelf: Sendable {
  /// How long a session waits to be taken up: two minutes, a lift or a tunnel; after that a resume is as good.
  static let keptFor: Milliseconds = 120_000
  /// Sessions that wait: 10,000, half of a node's connections lost at once, some 200 MB with full trails.
  static let sessionsMax = 10_000
  /// Conversations of all sessions that wait: a million, 32 MB.
  static let headsMax = 1_000_000

  struct Left: Sendable {
    let user: UserID
    let id: SessionName
    let trail: Trail
    let until: Milliseconds
  }

  fileprivate struct State {
    var kept: [String: (left: Left, number: UInt64)] = [:]
    /// Oldest first; what was taken, or put anew, is skipped.
    var order: [(pid: String, number: UInt64)] = []
    var heads = 0
    var number: UInt64 = 0
  }

  private let state = Mutex(State())
  /// An id that nobody can guess.
  let makeID: @Sendable () -> String

  /// An empty shelf; `makeID` makes ids that nobody can guess.
  public init(makeID: @escaping @Sendable () -> String) { self.makeID = makeID }

  /// How many sessions wait.
  public var count: Int { state.withLock { $0.kept.count } }

  func put(_ pid: String, _ left: Left, now: Milliseconds) {
    state.withLock { state in
      _ = state.remove(pid)
      state.number += 1
      state.kept[pid] = (left, state.number)
      state.order.append((pid, state.number))
      state.heads += left.trail.heads.count
      state.trim(now: now)
    }
  }

  /// What waits under that id for that user; it waits no more.
  func take(_ pid: String, user: UserID, now: Milliseconds) -> Left? {
    state.withLock { state in
      guard state.kept[pid]?.left.user == user, let left = state.remove(pid) else { return nil }
      return left.until > now ? left : nil
    }
  }
}

extension RecoveryShelf.State {
  fileprivate mutating func remove(_ pid: String) -> RecoveryShelf.Left? {
    guard let (left, _) = kept.removeValue(forKey: pid) else { return nil }
    heads -= left.trail.heads.count
    return left
  }

  fileprivate mutating func trim(now: Milliseconds) {
    var past = 0
    while past < order.count {
      let oldest = order[past]
      if let (left, number) = kept[oldest.pid], number == oldest.number {
        let isFull = kept.count > RecoveryShelf.sessionsMax || heads > RecoveryShelf.headsMax
        guard isFull || left.until <= now else { break }
        _ = remove(oldest.pid)
      }
      past += 1
    }
    order.removeFirst(past)
    // Clients that come and go leave their places behind.
    guard order.count > 2 * RecoveryShelf.sessionsMax else { return }
    order.removeAll { kept[$0.pid]?.number != $0.number }
  }
}
