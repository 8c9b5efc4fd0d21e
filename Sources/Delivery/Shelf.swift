import ChatCore
import Synchronization

/// What sessions of a node leave behind whose connections were lost: a client that comes back soon goes on from there.
///
/// Best effort: who comes back to another node, or too late, comes in anew.
///
/// - Isolation: thread-safe, since a client may come back to another loop.
/// - Limits: ``keptFor``, ``sessionsMax`` and the size that it was made for; past them the oldest go.
public final class Shelf<Left: Sendable>: Sendable {
  /// How long a session waits to be taken up: two minutes, a lift or a tunnel.
  public static var keptFor: Milliseconds { 120_000 }
  /// Sessions that wait: 10,000, half of a node's connections lost at once.
  public static var sessionsMax: Int { 10_000 }

  private struct Kept {
    let left: Left
    let user: UserID
    let size: Int
    let until: Milliseconds
    let number: UInt64
  }

  private struct State {
    var kept: [String: Kept] = [:]
    /// Oldest first; what was taken, or put anew, is skipped.
    var order: [(id: String, number: UInt64)] = []
    var size = 0
    var number: UInt64 = 0

    mutating func remove(_ id: String) -> Kept? {
      guard let gone = kept.removeValue(forKey: id) else { return nil }
      size -= gone.size
      return gone
    }

    mutating func trim(now: Milliseconds, sizeMax: Int) {
      var past = 0
      while past < order.count {
        let oldest = order[past]
        if let one = kept[oldest.id], one.number == oldest.number {
          let isFull = kept.count > Shelf.sessionsMax || size > sizeMax
          guard isFull || one.until <= now else { break }
          _ = remove(oldest.id)
        }
        past += 1
      }
      order.removeFirst(past)
      // Clients that come and go leave their places behind.
      guard order.count > 2 * Shelf.sessionsMax else { return }
      order.removeAll { kept[$0.id]?.number != $0.number }
    }
  }

  private let state = Mutex(State())
  private let sizeMax: Int
  private let size: @Sendable (Left) -> Int
  /// An id that nobody can guess, and that is given once.
  public let makeID: @Sendable () -> String

  /// An empty shelf.
  ///
  /// - Parameters:
  ///   - sizeMax: of all that waits.
  ///   - size: of what one session leaves.
  ///   - makeID: makes ids that nobody can guess, each once.
  public init(
    sizeMax: Int, size: @escaping @Sendable (Left) -> Int, makeID: @escaping @Sendable () -> String
  ) {
    self.sizeMax = sizeMax
    self.size = size
    self.makeID = makeID
  }

  /// How many sessions wait.
  public var count: Int { state.withLock { $0.kept.count } }

  /// Keeps what a user's session leaves, in place of what it may have left before.
  public func put(_ id: String, _ left: Left, of user: UserID, now: Milliseconds) {
    let size = size(left)
    state.withLock { state in
      _ = state.remove(id)
      state.number += 1
      state.kept[id] = Kept(
        left: left, user: user, size: size, until: now + Self.keptFor, number: state.number)
      state.order.append((id, state.number))
      state.size += size
      state.trim(now: now, sizeMax: sizeMax)
    }
  }

  /// What waits under that id for that user; it waits no more.
  public func take(_ id: String, of user: UserID, now: Milliseconds) -> Left? {
    state.withLock { state in
      guard state.kept[id]?.user == user, let kept = state.remove(id) else { return nil }
      return kept.until > now ? kept.left : nil
    }
  }
}
