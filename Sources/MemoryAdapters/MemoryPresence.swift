import ChatCore

/// A loop's directory of who is there, within one process: joined to the others by a ``PresenceBook``.
///
/// It tells in batches and after the same graces as a cluster does; each directory is a node of its own there.
///
/// - Isolation: its loop, as every directory; what it hears comes through the hop, as a later callback.
public final class MemoryPresence: PresenceDirectory, @unchecked Sendable {
  private let book: PresenceBook
  private let hop: MemoryBroker.Hop
  private let now: @Sendable () -> Milliseconds
  private let times: PresenceTimes
  private var place = -1
  private var board: PresenceBoard
  private var receiver: (any PresenceReceiver)?
  private var watched = WatchList<Int>()
  private var isTicking = false
  private var isDead = false

  /// Joins the book; `now` is the loop's clock, which never goes back.
  public init(
    in book: PresenceBook, times: PresenceTimes = PresenceTimes(), now: @escaping @Sendable () -> Milliseconds,
    hop: @escaping MemoryBroker.Hop
  ) {
    self.book = book
    self.hop = hop
    self.now = now
    self.times = times
    board = PresenceBoard(grace: times.grace)
    place = book.join(self)
  }

  /// Who hears.
  public func attach(_ receiver: any PresenceReceiver) { self.receiver = receiver }

  /// A session of the user has begun here.
  public func arrived(_ user: UserID) {
    board.arrived(user)
    tickSoon()
  }

  /// It has ended.
  public func left(_ user: UserID) {
    board.left(user, at: now())
    tickSoon()
  }

  /// Begins to watch.
  public func watch(_ users: [UserID]) {
    for user in users { _ = watched.watch(user, from: place) }
    let known = book.presence(of: users)
    hop(0) { self.hear(known) }
  }

  /// Ends it.
  public func unwatch(_ users: [UserID]) { for user in users { _ = watched.unwatch(user, from: place) } }

  /// How each is now.
  public func presence(of users: [UserID]) async -> [Presence] { book.presence(of: users) }

  /// Plays `kill -9`: says nothing any more; its lease runs out.
  public func die() {
    isDead = true
    hop(times.lifetime) { self.book.bury(self.place) }
  }

  /// The node has left in order.
  public func leave() {
    isDead = true
    book.bury(place)
  }

  /// Called by the book, from any thread.
  func told(_ changes: [Presence]) { hop(0) { self.hear(changes) } }

  private func hear(_ changes: [Presence]) {
    guard !isDead else { return }
    let mine = changes.filter { !watched.learn($0).isEmpty }
    if !mine.isEmpty { receiver?.presenceChanged(mine) }
  }

  /// Only while there is something to tell, so that a world at rest has no timers.
  private func tickSoon() {
    guard !isTicking, !isDead, board.isDirty else { return }
    isTicking = true
    hop(times.tick) { self.tick() }
  }

  private func tick() {
    isTicking = false
    guard !isDead else { return }
    let (came, went) = board.takeChanges(at: now())
    if !came.isEmpty || !went.isEmpty { book.tell(came: came, went: went, by: place) }
    tickSoon()
  }
}
