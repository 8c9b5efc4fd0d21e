/// Moves the caller's read marker in a conversation forward, and tells the other members as far as that is cheap.
///
/// The marker lies with the membership, in the conversation's world: who reads the members has all marks in one bucket,
/// and moving one writes no entry and waits for no send.
///
/// - Shape: `{"seq": 42}`; a `seq` below the marker changes nothing.
/// - Limits: told in conversations of at most ``Limits/signalMembersMax`` members, and no faster than ``Pace/reading``,
///   and not between two of whom one blocks the other; the marker moves all the same.
/// - Throws: `.notFound(.conversation)`; `.forbidden(.notAMember)`; `.invalid` at `/seq` beyond the head.
public struct MarkRead: Command {
  /// Where.
  public let conversation: ConversationID
  /// Up to where.
  public let seq: Int64

  /// Collects what is asked.
  public init(conversation: ConversationID, seq: Int64) {
    self.conversation = conversation
    self.seq = seq
  }

  /// Checks, moves, tells; gives where the marker is now.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Int64 {
    try Fault.refuseNegative(seq, "seq")
    let (standing, member) = try await chat.membership(of: caller, in: conversation)
    guard seq <= standing.head else {
      throw .invalid([
        Fault(pointer: "/seq", code: "out_of_range", detail: "seq must not be beyond the head, \(standing.head).")
      ])
    }
    guard seq > member.readSeq, try await chat.messages.markRead(conversation, caller.user, upTo: seq) else {
      return max(seq, member.readSeq)
    }
    if await chat.mayTell(Pace.reading, caller.user, conversation, standing) {
      chat.publisher.announce(.read(conversation, caller.user, seq: seq))
    }
    return seq
  }
}

/// How often a user's doings in one conversation are told without a place in its log.
struct Pace: Sendable, Hashable {
  let name: String
  let burst: Int
  let perSecond: Double

  /// Typing: clients show it for some seconds, so once a second is enough.
  static let typing = Pace(name: "typing", burst: 1, perSecond: 1)
  /// Reading: scrolling through a few screens, then about as fast as anyone reads; what is not told stands in the list.
  static let reading = Pace(name: "reading", burst: 5, perSecond: 2)
}

extension Chat {
  /// The membership of the caller.
  ///
  /// - Throws: `.notFound(.conversation)`; `.forbidden(.notAMember)`, `.forbidden(.wrongKind)`.
  func membership(
    of caller: Caller, in id: ConversationID
  ) async throws(ChatError) -> (standing: MemberStanding, member: Member) {
    guard let standing = try await messages.standing(of: caller.user, in: id) else { throw .notFound(.conversation) }
    try ConversationRules.checkWriting(standing.kind, role: standing.member?.role)
    guard let member = standing.member else { throw .notFound(.conversation) }
    return (standing, member)
  }

  /// Whether the others are told: few enough, and not too often.
  func mayTell(_ pace: Pace, _ user: UserID, _ id: ConversationID, _ standing: MemberStanding) async -> Bool {
    guard standing.memberCount <= limits.signalMembersMax, standing.pair?.isEstranged != true else { return false }
    return await isInTime(pace, user, id)
  }

  /// Takes one of what the user may tell there, at all nodes together.
  func isInTime(_ pace: Pace, _ user: UserID, _ id: ConversationID) async -> Bool {
    let key = "\(pace.name):\(user.rawValue):\(id.rawValue)"
    return await limiter.take(key, cost: 1, capacity: pace.burst, refillPerSecond: pace.perSecond).allowed
  }
}
