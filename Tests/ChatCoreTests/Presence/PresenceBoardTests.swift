import ChatCore
import Testing

/// A board by reference, so that it can be asked inside an expectation.
@dynamicMemberLookup
private final class Board {
  private var board: PresenceBoard

  init(grace: Milliseconds) { board = PresenceBoard(grace: grace) }

  subscript<Value>(dynamicMember path: KeyPath<PresenceBoard, Value>) -> Value { board[keyPath: path] }

  /// Who has come, and who has gone.
  func take(at now: Milliseconds) -> [[UserID]] {
    let (came, went) = board.takeChanges(at: now)
    return [came, went]
  }

  func doubt(_ isDoubtful: (UserID) -> Bool) { board.doubt(isDoubtful) }
  func arrived(_ user: UserID) { board.arrived(user) }
  func left(_ user: UserID, at now: Milliseconds) { board.left(user, at: now) }
  func failed(_ users: [UserID]) { board.failed(users) }
  func forgotten() { board.forgotten() }
}

@Suite struct PresenceBoardTests {
  private let ada = UserID(rawValue: 4_097)
  private let bob = UserID(rawValue: 8_193)

  @Test func `who comes is told once, however many sessions he has, and who goes after his grace`() {
    let board = Board(grace: 800)
    board.arrived(bob)
    board.arrived(ada)
    board.arrived(ada)
    #expect(board.take(at: 0) == [[ada, bob], []])
    #expect(board.take(at: 1) == [[], []])
    board.left(ada, at: 10)
    #expect(!board.isDirty)
    board.left(ada, at: 20)
    #expect(board.take(at: 819) == [[], []])
    #expect(board.isDirty)
    #expect(board.take(at: 820) == [[], [ada]])
    #expect(!board.isDirty)
    #expect(board.count == 1)
  }

  @Test func `who comes and goes between two batches is not told at all`() {
    let board = Board(grace: 800)
    board.arrived(ada)
    board.left(ada, at: 5)
    #expect(board.take(at: 1_000) == [[], []])
    board.arrived(ada)
    _ = board.take(at: 2_000)
    board.left(ada, at: 2_100)
    board.arrived(ada)
    #expect(board.take(at: 9_000) == [[], []])
  }

  @Test func `what may not have been told is told again, as it is by then`() {
    let board = Board(grace: 0)
    board.arrived(ada)
    board.arrived(bob)
    board.failed(board.take(at: 0)[0])
    board.left(bob, at: 1)
    #expect(board.take(at: 1) == [[ada], [bob]])
    board.failed([bob])
    board.arrived(bob)
    #expect(board.take(at: 2) == [[bob], []])
    #expect(board.take(at: 3) == [[], []])
  }

  @Test func `a node that was forgotten tells everybody again, and nobody who has left`() {
    let board = Board(grace: 800)
    board.arrived(ada)
    board.arrived(bob)
    _ = board.take(at: 0)
    board.left(bob, at: 1)
    board.forgotten()
    #expect(board.take(at: 2) == [[ada], []])
    #expect(board.take(at: 5_000) == [[], []])
  }

  @Test func `those in doubt are told again, as they are now, and no others`() {
    let board = Board(grace: 0)
    for user in [ada, bob] { board.arrived(user) }
    _ = board.take(at: 0)
    board.doubt { $0 == self.ada }
    #expect(board.take(at: 1) == [[ada], []])
    board.left(bob, at: 2)
    board.doubt { $0 == self.bob }
    #expect(board.take(at: 3) == [[], [bob]])
    board.doubt { _ in true }
    #expect(board.take(at: 4) == [[ada], []])
  }

  @Test func `a session that was never counted does not go`() {
    let board = Board(grace: 0)
    board.left(ada, at: 0)
    #expect(board.take(at: 1) == [[], []])
  }

  @Test func `a storm of a hundred thousand reconnecting within the grace is no change`() {
    let board = Board(grace: 800)
    let users = (1...100_000).map { UserID(rawValue: Int64($0)) }
    for user in users { board.arrived(user) }
    #expect(board.take(at: 0)[0].count == 100_000)
    for user in users { board.left(user, at: 10) }
    for user in users { board.arrived(user) }
    #expect(board.take(at: 1_000) == [[], []])
  }
}

@Suite struct WatchListTests {
  /// A list by reference, so that it can be asked inside an expectation.
  private final class Places {
    private var list = WatchList<Int>()

    var count: Int { list.count }
    func watch(_ user: UserID, from place: Int) -> (known: Presence?, isNew: Bool) { list.watch(user, from: place) }
    func unwatch(_ user: UserID, from place: Int) -> Bool { list.unwatch(user, from: place) }
    func learn(_ presence: Presence) -> [Int] { list.learn(presence) }
  }

  private let ada = UserID(rawValue: 4_097)

  @Test func `each place hears a change once, and one that knows hears nothing`() {
    let list = Places()
    #expect(list.watch(ada, from: 1).isNew)
    #expect(!list.watch(ada, from: 2).isNew)
    #expect(!list.watch(ada, from: 2).isNew)
    let online = Presence(user: ada, status: .online)
    #expect(list.learn(online) == [1, 2])
    #expect(list.learn(online) == [])
    #expect(list.watch(ada, from: 3).known == online)
    #expect(!list.unwatch(ada, from: 1))
    #expect(!list.unwatch(ada, from: 2))
    #expect(list.learn(Presence(user: ada, status: .offline)) == [3])
    #expect(list.unwatch(ada, from: 3))
    #expect(list.count == 0)
    #expect(list.learn(online) == [])
  }
}
