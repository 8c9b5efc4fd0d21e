import ChatCore
import Synchronization

/// Which rooms clients of a node had entered whose connections were lost: who comes back soon is inside them again,
/// since old clients do not join anew.
///
/// Best effort: a client that comes back to another node joins by itself, or by what it sends.
///
/// - Isolation: thread-safe, since a client may come back to another loop.
/// - Limits: ``keptFor``, ``sessionsMax``, ``roomsMax``; past them the oldest go.
public final class RoomShelf: Sendable {
  /// How long it is kept: two minutes, a lift or a tunnel; clients try for some seconds.
  static let keptFor: Milliseconds = 120_000
  /// Sessions that wait: 10,000, half of a node's connections lost at once.
  static let sessionsMax = 10_000
  /// Rooms of all that wait: ten each, some megabytes.
  static let roomsMax = 100_000

  private struct Left {
    let user: UserID
    let rooms: Set<ConversationID>
    let until: Milliseconds
  }

  private struct State {
    var kept: [String: Left] = [:]
    /// Oldest first; what was taken is skipped.
    var order: [String] = []
    var rooms = 0

    mutating func remove(_ pid: String) -> Left? {
      guard let left = kept.removeValue(forKey: pid) else { return nil }
      rooms -= left.rooms.count
      return left
    }

    mutating func trim(now: Milliseconds) {
      var past = 0
      while past < order.count {
        if let left = kept[order[past]] {
          let isFull = kept.count > RoomShelf.sessionsMax || rooms > RoomShelf.roomsMax
          guard isFull || left.until <= now else { break }
          _ = remove(order[past])
        }
        past += 1
      }
      order.removeFirst(past)
      if order.count > 2 * RoomShelf.sessionsMax { order.removeAll { kept[$0] == nil } }
    }
  }

  private let state = Mutex(State())
  /// An id that nobody can guess, and that is given once.
  let makeID: @Sendable () -> String

  /// An empty shelf; `makeID` makes ids that nobody can guess, each once.
  public init(makeID: @escaping @Sendable () -> String) { self.makeID = makeID }

  /// How many sessions wait.
  var count: Int { state.withLock { $0.kept.count } }

  /// Keeps what a client was inside of when it went.
  func put(_ pid: String, of user: UserID, _ rooms: Set<ConversationID>, now: Milliseconds) {
    state.withLock { state in
      guard state.kept[pid] == nil else { return }
      state.kept[pid] = Left(user: user, rooms: rooms, until: now + RoomShelf.keptFor)
      state.order.append(pid)
      state.rooms += rooms.count
      state.trim(now: now)
    }
  }

  /// What waits under that id for that user; it waits no more.
  func take(_ pid: String, of user: UserID, now: Milliseconds) -> Set<ConversationID> {
    state.withLock { state in
      guard state.kept[pid]?.user == user, let left = state.remove(pid), left.until > now else { return [] }
      return left.rooms
    }
  }
}
