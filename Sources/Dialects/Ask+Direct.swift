import ChatCore
import Delivery

/// A message between two, and to whom it was written; whatever is known of the message is known of it.
@dynamicMemberLookup
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

  /// What is known of the message.
  public subscript<Value>(dynamicMember member: KeyPath<Message, Value>) -> Value { message[keyPath: member] }
}

/// Messages between two, for servers whose messages name a recipient and no conversation.
extension Ask {
  /// Sends what members say: the text, to a user, of a type; who says that another sends it is refused.
  ///
  /// - Throws: `.forbidden(.notTheAuthor)`, `.invalid` at `type`, and as `SendDirectMessage`.
  public func sendDirect(
    _ text: String, to recipient: String, by sender: String, type: String
  ) async throws -> Answer {
    guard try isMine(sender) else { throw ChatError.forbidden(.notTheAuthor) }
    let (said, other) = (try require(text), try requireUser(recipient))
    guard let kind = MessageType(rawValue: parameters.text(type) ?? MessageType.text.rawValue) else {
      throw ChatError.invalid([
        Fault(pointer: "/" + type, code: "not_allowed", detail: "\(type) is none that there is.")
      ])
    }
    let sent = try await run(SendDirectMessage(to: other, text: said, type: kind)).message
    return .created(voice.message(DirectMessage(sent, to: other)))
  }

  /// Whether a member that names the caller, if it is there, names him indeed; nobody acts for another by its means.
  func isMine(_ name: String) throws -> Bool { try !parameters.has(name) || userID(name) == caller.user }

  /// All that two users wrote to each other whom members name, oldest first; nothing when they name nobody.
  ///
  /// - Throws: `.forbidden(.notAMember)` when the caller is neither of the two.
  public func directHistory(_ first: String, _ second: String) async throws -> Answer {
    guard let one = userID(first), let other = userID(second) else { return .list([]) }
    let me = try caller.user
    guard me == one || me == other else { throw ChatError.forbidden(.notAMember) }
    let them = me == one ? other : one
    return .list(
      try await history(with: them).map { voice.message(DirectMessage($0, to: $0.sender.id == me ? them : me)) })
  }

  /// The caller's own message whose id stands in the path; of a group's messages there is none.
  ///
  /// - Throws: `.notFound(.message)` also for one that was deleted, `.forbidden(.notTheAuthor)`.
  func ownMessage(at place: Int) async throws -> DirectMessage {
    let found = try await run(ShowMessage(message: message(at: place)))
    guard found.deletedAt == nil else { throw ChatError.notFound(.message) }
    guard try found.sender.id == caller.user else { throw ChatError.forbidden(.notTheAuthor) }
    let conversation = try await run(ShowConversation(conversation: found.conversation))
    guard conversation.kind == .direct,
      let other = conversation.members.first(where: { $0.user != found.sender.id })?.user
    else { throw ChatError.notFound(.message) }
    return DirectMessage(found, to: other)
  }

  /// Changes the text of the caller's own message whose id stands in the path to what a member says.
  public func editOwnMessage(at place: Int, _ text: String) async throws -> Answer {
    let old = try await ownMessage(at: place)
    let changed = try await run(EditMessage(message: old.id, text: require(text)))
    return .ok(voice.message(DirectMessage(changed, to: old.recipient)))
  }

  /// Deletes the caller's own message whose id stands in the path.
  public func deleteOwnMessage(at place: Int) async throws {
    _ = try await run(DeleteMessage(message: ownMessage(at: place).id))
  }
}

extension Happening {
  /// What a dialect has to tell that knows only people, and messages between two; nothing of what it does not know.
  ///
  /// Those who meet are watched from then on (``Ask/watch(_:)``).
  ///
  /// - Parameters:
  ///   - said: somebody said something to the other; told to both, on all devices.
  ///   - edited: he changed it; told to the other.
  ///   - came: somebody whom the reader watches has come or gone.
  ///   - reader: the member of what is told then that names the reader.
  public func direct(
    said: (DirectMessage, _ to: Author) -> Words, edited: (DirectMessage) -> Words?,
    came: (Author, _ isOnline: Bool) -> Words, reader: String? = nil
  ) -> [Announcement] {
    switch self {
    case .presence(let author, let isOnline): return [Announcement(came(author, isOnline), reader: reader)]
    case .signal: return []
    case .entry(let entry, let facts):
      switch entry.event {
      case .messageCreated(let message):
        guard let other = facts.other(than: message.sender.id) else { return [] }
        return [Announcement(said(DirectMessage(message, to: other.id), other), watching: facts.pair)]
      case .messageEdited(let message):
        guard let other = facts.other(than: message.sender.id) else { return [] }
        return [Announcement(edited(DirectMessage(message, to: other.id)), to: .only(other.id))]
      case .contactChanged(let contact):
        let other = Author(id: contact.user, username: contact.username)
        return contact.state == nil ? [] : [Announcement(nil, watching: [other])]
      case .messageDeleted, .conversationCreated, .conversationUpdated, .conversationDeleted, .reactionAdded,
        .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined, .left, .blockChanged, .unknown:
        return []
      }
    }
  }
}
