import ChatCore
import Redis

/// The scripts by which presence is kept, each atomic in one slot; `Scripts/<name>.lua` says what they do.
package enum PresenceScript: Hashable, Sendable, CaseIterable {
  /// Renews a lease and hands out the dead.
  case lease
  /// Says who has come and gone.
  case say
  /// Asks who is there.
  case find
}

/// What a ``PresenceOffice`` needs of its loop and of the way to Redis.
package protocol PresenceWire: AnyObject {
  /// Told once what came of a script.
  typealias Handler = (Result<RedisReply, RedisError>) -> Void

  /// Milliseconds of a clock that never goes back.
  var now: Milliseconds { get }
  /// Whether the Redis that has the leases is reached, as far as is known.
  var isConnected: Bool { get }
  /// A number for a name that nobody has had.
  func newBeginning() -> Int
  /// Runs `body` once after that many milliseconds; what comes back takes it back.
  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> () -> Void
  /// Runs a script; never waits, and tells the handler once, of its failure too.
  func run(_ script: PresenceScript, keys: [String], arguments: [String], _ handler: @escaping Handler)
  /// A loop is to hear this.
  func tell(_ changes: [Presence], to place: Int)
}
