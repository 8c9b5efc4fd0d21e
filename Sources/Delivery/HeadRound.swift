import ChatCore
import Synchronization

/// The comparison of heads of all loops of a node: one asks for the buckets of all and tells the others.
///
/// Whichever loop's time comes first asks; the others find that it has been done. So the database is asked once a
/// second by a node, however many loops it has.
///
/// - Limits: the buckets, 4096; entries as many as one comparison reads; as many questions under way as loops.
/// - Errors: a question that fails is asked by the loop whose time comes next, one that is not answered within
///   ``handOver`` by another. What comes of it after the other's answer is told to nobody.
/// - Isolation: thread-safe; its lock is held while a loop joins, leaves, and once a period, never for a message.
public final class HeadRound: Sendable {
  /// How long an answer is waited for, in milliseconds, before another loop asks too: one that hangs (its connection is
  /// cut off) is not to keep the others from finding within two seconds what was lost.
  static let handOver: Milliseconds = 750
  /// The same when several are not answered, each time twice as long up to this: a database that answers nobody is not
  /// asked by all.
  static let handOverMost: Milliseconds = 5_000

  /// What one loop asks for all.
  struct Question: Sendable {
    /// Which one it is; later ones have greater numbers.
    var number = 0
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
    /// When somebody asked last.
    var begun: Milliseconds?
    var questions = 0
    /// Those that are not answered, nor any after them.
    var underWay: [Int] = []
    var last: [Bucket: BucketCounter] = [:]
    /// Of the last question.
    var asked: Set<Bucket> = []

    /// Until when nobody else asks; nil when nobody is waited for.
    var handsOverAt: Milliseconds? {
      guard let begun, !underWay.isEmpty else { return nil }
      return begun + min(handOverMost, handOver << Milliseconds(min(underWay.count - 1, 8)))
    }
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
        let at = state.handsOverAt ?? begun + period - period / 4
        let hasMore = state.underWay.isEmpty && !state.asked.isSuperset(of: rooms.keys)
        guard hasMore || now >= at else { return nil }
      }
      var all: [Bucket: Int] = [:]
      for member in state.members.values { all.merge(member.rooms, uniquingKeysWith: +) }
      guard !all.isEmpty else { return nil }
      state.begun = now
      state.questions += 1
      state.underWay.append(state.questions)
      state.asked = Set(all.keys)
      return Question(number: state.questions, rooms: all, since: state.last)
    }
  }

  /// What that loop follows, which waits for an answer and does not ask.
  func follows(_ member: Int, rooms: [Bucket: Int]) { state.withLock { $0.members[member]?.rooms = rooms } }

  /// When a loop that was not to ask may stand in for the one that does; nil when that one has its answer.
  var handsOverAt: Milliseconds? { state.withLock { $0.handsOverAt } }

  /// Tells the others; false when a later question was answered before, which has told all that this one could.
  func answered(_ answer: Answer, to question: Question, by member: Int) -> Bool {
    let others: [@Sendable (Answer) -> Void]? = state.withLock { state in
      guard state.underWay.contains(question.number) else { return nil }
      state.underWay.removeAll { $0 <= question.number }
      state.last = answer.counters
      return state.members.filter { $0.key != member }.map(\.value.tell)
    }
    for tell in others ?? [] { tell(answer) }
    return others != nil
  }

  /// Nobody was told; the next one asks.
  func failed(_ question: Question) { state.withLock { $0.underWay.removeAll { $0 == question.number } } }
}
