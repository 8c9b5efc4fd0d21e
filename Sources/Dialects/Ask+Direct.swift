import ChatCore
import Delivery

/// A message between two, and to whom it was written.
public struct DirectMessage: Sendable {
  /// The message.
  public let message: Message
  /// To whom.
  public let recipient: UserID

  /// Says it of a message.
  public init(_ message: Message, to recipient: UserID) {
    self.message = message
    self.recipient = recipient
  }
}

/// Messages between two, for servers whose messages name a recipient and no conversation.
extension Ask {
  /// Whether a member that names the caller, if it is there, names him indeed; nobody acts for another by its means.
  public func isMine(_ name: String) throws -> Bool { try !parameters.has(name) || userID(name) == caller.user }

  /// All that two users wrote to each other, oldest first, when the caller is one of them.
  ///
  /// - Throws: `.forbidden(.notAMember)` to anyone else.
  public func directHistory(_ one: UserID, _ other: UserID) async throws -> [DirectMessage] {
    let me = try caller.user
    guard me == one || me == other else { throw ChatError.forbidden(.notAMember) }
    let them = me == one ? other : one
    return try await history(with: them).map { DirectMessage($0, to: $0.sender.id == me ? them : me) }
  }

  /// The caller's own message whose id stands in the path; of a group's messages there is none.
  ///
  /// - Throws: `.notFound(.message)` also for one that was deleted, `.forbidden(.notTheAuthor)`.
  public func ownMessage(at place: Int) async throws -> DirectMessage {
    let found = try await run(ShowMessage(message: message(at: place)))
    guard found.deletedAt == nil else { throw ChatError.notFound(.message) }
    guard try found.sender.id == caller.user else { throw ChatError.forbidden(.notTheAuthor) }
    let conversation = try await run(ShowConversation(conversation: found.conversation))
    guard conversation.kind == .direct,
      let other = conversation.members.first(where: { $0.user != found.sender.id })?.user
    else { throw ChatError.notFound(.message) }
    return DirectMessage(found, to: other)
  }

  /// Changes the text of the caller's own message whose id stands in the path.
  public func editOwnMessage(at place: Int, text: String) async throws -> DirectMessage {
    let old = try await ownMessage(at: place)
    return DirectMessage(try await run(EditMessage(message: old.message.id, text: text)), to: old.recipient)
  }
}

extension Happening {
  /// What a dialect has to tell that knows only people, and messages between two.
  public enum Direct: Sendable {
    /// Somebody said something to the other.
    case said(DirectMessage, to: Author)
    /// He changed it.
    case edited(DirectMessage, to: Author)
    /// Somebody has become the reader's contact, or what he is to him has changed.
    case met(Author)
    /// Somebody whom the reader watches has come or gone.
    case presence(Author, isOnline: Bool)
  }

  /// The same for such a dialect; nil for what it does not know.
  public var direct: Direct? {
    switch self {
    case .presence(let author, let isOnline): return .presence(author, isOnline: isOnline)
    case .signal: return nil
    case .entry(let entry, let facts):
      switch entry.event {
      case .messageCreated(let message):
        return facts.other(than: message.sender.id).map { .said(DirectMessage(message, to: $0.id), to: $0) }
      case .messageEdited(let message):
        return facts.other(than: message.sender.id).map { .edited(DirectMessage(message, to: $0.id), to: $0) }
      case .contactChanged(let contact):
        return contact.state == nil ? nil : .met(Author(id: contact.user, username: contact.username))
      case .messageDeleted, .conversationCreated, .conversationUpdated, .conversationDeleted, .reactionAdded,
        .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined, .left, .blockChanged, .unknown:
        return nil
      }
    }
  }
}
