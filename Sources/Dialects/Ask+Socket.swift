import ChatCore
import Delivery
import JSONText

/// The socket that an action came by, as far as a row may touch it. For a request all of this does nothing.
extension Ask {
  /// Who asks, with his name.
  public var me: User {
    get async throws {
      if let user = session?.user { return user }
      return try await run(ShowMe())
    }
  }

  /// From now on this client is told what is only for those inside that conversation: what comes after `head`, the last
  /// entry that the row has seen of its log; of a log that it has not looked at, what comes.
  public func enter(_ conversation: ConversationID, after head: Int64 = 0) {
    session?.enter(conversation, after: head)
  }

  /// From now on it is not.
  public func leave(_ conversation: ConversationID) { session?.leave(conversation) }

  /// Whether it is.
  public func isInside(_ conversation: ConversationID) -> Bool { session?.entered[conversation] != nil }

  /// Asks who is inside that conversation on any node, and says what `words` makes of it half a second later.
  ///
  /// - Limits: ``RollCall``.
  public func callRoll(of conversation: ConversationID, _ words: @escaping @Sendable ([Author]) -> [Words]) {
    session?.callRoll(of: conversation, words)
  }

  /// From now on this client is told when they come or go (`.presence`), as far as the domain lets it know: contacts
  /// who have accepted, and members of shared conversations. First it is told of those who are there.
  public func watch(_ people: [Author]) { session?.watch(people) }

  /// Binds the socket to who has just signed in by it, and begins live delivery.
  public func begin(_ signedIn: SignedIn) async throws {
    try await session?.bind(Caller(user: signedIn.user.id, session: signedIn.session.id))
  }

  /// Waits until the socket's request has proven who speaks, 10 s at most.
  public func proof() async -> Caller? { await session?.proof() }

  /// Whether another would hear at once what the caller says to him; see `WouldHear`.
  ///
  /// Who has just come is there for the others a moment later (`PresenceTimes/tick`), so before it is no it is asked
  /// again until then; a client that has been answered is always found, by whatever node.
  ///
  /// - Limits: ``hearingLooks``, during which this socket's next actions wait.
  public func wouldHear(_ user: UserID) async throws -> Bool {
    for look in 1...Ask.hearingLooks {
      if try await run(WouldHear(user: user)) { return true }
      guard let session, look < Ask.hearingLooks, !session.isOver else { break }
      await session.pause(Ask.hearingEvery)
    }
    return false
  }

  /// How often who is not there is looked for: for 1.5 s, the tick of a second and half of one for the way.
  static let hearingLooks = 6
  /// Between two looks: most who have just come are there after two.
  static let hearingEvery: Milliseconds = 300

  /// Tells other clients of this dialect, on whatever node, what is no event of the domain; nothing of it is kept.
  ///
  /// The row has checked that the caller may reach that conversation or user.
  ///
  /// - Returns: false when it is longer than `Relay/bytesMax`, and nobody is told.
  @discardableResult
  public func tell(_ words: Words, _ topic: Topic, _ audience: Audience = .everyone) -> Bool {
    let body = String(decoding: words.text(in: mount.dialect.carrier), as: UTF8.self)
    guard let relay = Relay(to: topic, wire: mount.dialect.name, audience: audience, body: body) else { return false }
    mount.chat.publisher.announce(.relayed(relay))
    return true
  }

}
