import ChatCore
import Synchronization

/// The comparison of heads of all loops of a node: one asks for the buckets of all and tells the others.
///
/// Whichever loop's time comes first asks; the others find that it has been done. So the database is asked once a
/// second by a node, however many loops it has.
///
/// - Limits: the buckets, 4096; entries as many as one comparison reads.
/// - Errors: a question that fails, or takes longer than ``answerMax``, is asked by the loop whose time comes next.
/// - Isolation: thread-safe; its lock is held while a loop joins, leaves, and once a period, never for a message.
public final class HeadRound: Sendable {
  /// How long an answer is waited for, in milliseconds, before another loop asks: somewhat longer than the statements
  /// may take together.
  static let answerMax: Milliseconds = 5_000

  /// What one loop asks for all.
  struct Question: Sendable {
    /// The followed buckets, and how many rooms the loops have in each.
    let rooms: [Bucket: Int]
    /// The counters of the last answer.
    let since: [Bucket: BucketCounter]
  }

  /// What the log has said.
  struct Answer: Sendable {
    /// The buckets that it was asked for; those that it does not tell are away.
    let asked: Set<Bucket>
    let counters: [Bucket: BucketCounter]
    /// Buckets of which all entries after that counter are in ``heads``.
    var told: [Bucket: Int64] = [:]
    var heads: [ConversationID: Int64] = [:]
  }

  private struct State {
    var members: [Int: Member] = [:]
    var next = 0
    var begun: Milliseconds?
    var isUnderWay = false
    var last: [Bucket: BucketCounter] = [:]
    /// Of the last question.
    var asked: Set<Bucket> = []
  }

  private struct Member {
    let tell: @Sendable (Answer) -> Void
    var rooms: [Bucket: Int] = [:]
  }

  private let state = Mutex(State())

  /// Makes one without members.
  public init() {}

  /// Takes in a loop.
  ///
  /// - Parameter tell: called on another loop's thread with what that has learned.
  func join(_ tell: @escaping @Sendable (Answer) -> Void) -> Int {
    state.withLock {
      $0.next += 1
      $0.members[$0.next] = Member(tell: tell)
      return $0.next
    }
  }

  func leave(_ member: Int) { state.withLock { $0.members[member] = nil } }

  /// What that loop is to ask now, for all; nil when it has been asked within most of its period, unless the loop has
  /// come to follow a bucket since of which nobody has asked.
  func begin(_ member: Int, rooms: [Bucket: Int], at now: Milliseconds, every period: Milliseconds) -> Question? {
    state.withLock { state in
      state.members[member]?.rooms = rooms
      if let begun = state.begun {
        // A loop's own time comes again after three quarters at least.
        let pause = state.isUnderWay ? Self.answerMax : period - period / 4
        let hasMore = !state.isUnderWay && !state.asked.isSuperset(of: rooms.keys)
        guard hasMore || now - begun >= pause else { return nil }
      }
      var all: [Bucket: Int] = [:]
      for member in state.members.values { all.merge(member.rooms, uniquingKeysWith: +) }
      guard !all.isEmpty else { return nil }
      state.begun = now
      state.isUnderWay = true
      state.asked = Set(all.keys)
      return Question(rooms: all, since: state.last)
    }
  }

  /// Tells the others.
  func answered(_ answer: Answer, by member: Int) {
    let others = state.withLock { state in
      state.isUnderWay = false
      state.last = answer.counters
      return state.members.filter { $0.key != member }.map(\.value.tell)
    }
    for tell in others { tell(answer) }
  }

  /// Nobody was told; the next one asks.
  func failed() { state.withLock { $0.isUnderWay = false } }
}
