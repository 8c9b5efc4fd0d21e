/// What a client of a foreign wire tells others who speak it, where the domain has no event of that kind.
///
/// Nothing of it is kept. Who may say it to whom is checked before it is announced.
///
/// - Limits: ``bytesMax``.
public struct Relay: Hashable, Sendable {
  /// UTF-8 bytes of ``body``: 16 KiB, a text that is being typed (``Limits/textBytesMax``) with its names.
  public static let bytesMax = 20_480

  /// Whose followers get it.
  public let to: Topic
  /// The name of the wire; sessions that speak another do not hear it.
  public let wire: String
  /// Which of the topic's sessions.
  public let audience: Audience
  /// The text as the wire's clients read it.
  public let body: String

  /// Collects it; nothing when the text is too long.
  public init?(to: Topic, wire: String, audience: Audience, body: String) {
    guard body.utf8.count <= Relay.bytesMax else { return nil }
    self.to = to
    self.wire = wire
    self.audience = audience
    self.body = body
  }
}

/// Which of the sessions that follow a topic are told.
public enum Audience: Hashable, Sendable {
  /// All.
  case everyone
  /// All but those of that user.
  case others(than: UserID)
  /// Those of that user.
  case only(UserID)
  /// Those whose client has entered that conversation, in a wire where a client does so.
  case inside(ConversationID)
}
