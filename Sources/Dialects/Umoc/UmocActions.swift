import ChatCore
import Delivery
import JSONText

/// The events of the later clients: what makes them read again, who is there, and what is being typed.
extension Umoc {
  static let actions: [Action] = [
    .quiet(Action.connect) { ask in try await ask.watchContacts() },
    .quiet("send_char", .signedIn, .write) { ask in
      guard let typed = ask.parameters.text("char") else { return }
      // Whoever else is meant is passed over in silence: nothing is lost.
      do { try await tell(typed, ask) } catch ChatError.forbidden, ChatError.timedOut, ChatError.notFound {}
    },
  ]

  /// Those hear it who write with the caller and let him, or the members of his group.
  private static func tell(_ typed: String, _ ask: Ask) async throws {
    let (me, group, other) = (try await ask.me, ask.conversationID("recipient_id"), ask.userID("recipient_id"))
    var conversation = group
    if let other, group == nil { conversation = try await ask.run(FindDirectConversation(user: other)) }
    guard let conversation, try await ask.run(MaySignal(conversation: conversation)) else { return }
    if !typed.isEmpty { try await ask.run(Typing(conversation: conversation)) }
    let shape: JSONValue = [
      "sender_id": ask.voice.id(me.id), "sender_username": .string(me.username), "char": .string(typed),
      "is_group": .bool(group != nil),
      "recipient_id": group.map { ask.voice.id($0) } ?? .text(ask.parameters.text("recipient_id")),
    ]
    ask.tell(Words("receive_char", shape), .conversation(conversation), .others(than: me.id))
  }

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    switch happening {
    case .signal: return []
    case .presence(let author, let isOnline):
      var shape = user(author, voice)
      shape["status"] = isOnline ? "online" : "offline"
      return [Announcement(Words("user_status", .object(shape)))]
    case .entry(let entry, let facts): return announce(entry, facts, voice)
    }
  }

  private static func announce(_ entry: Entry, _ facts: RoomFacts, _ voice: Voice) -> [Announcement] {
    let author = entry.author
    switch entry.event {
    case .messageCreated(let message):
      var shape = trigger(message, facts, voice)
      shape["content"] = .string(message.text)
      let words = Words("new_message", .object(shape))
      return [Announcement(words, to: .others(than: author.id)), Announcement(nil, watching: facts.pair)]
    case .messageEdited(let message), .messageDeleted(let message):
      let words = Words("new_message", .object(trigger(message, facts, voice)))
      return [Announcement(words, to: .others(than: author.id))]
    case .contactChanged(let contact):
      let words = changed(contact.author, voice)
      return [Announcement(words, watching: contact.state == nil ? [] : [contact.author])]
    case .conversationCreated, .conversationUpdated, .conversationDeleted, .memberJoined, .memberLeft, .memberChanged:
      return facts.kind.hasRoles ? [Announcement(changed(entry, voice))] : []
    // A block of a contact changes the contact, too.
    case .reactionAdded, .reactionRemoved, .joined, .left, .blockChanged, .unknown: return []
    }
  }

  /// Without the content it makes clients read the history again.
  private static func trigger(_ message: Message, _ facts: RoomFacts, _ voice: Voice) -> JSONObject {
    [
      "message_id": voice.id(message.id), "sender_id": voice.id(message.sender.id),
      "type": .string(message.deletedAt == nil ? message.type.rawValue : "deleted_text"),
      "timestamp": .string(TimeForm.microseconds.text(message.createdAt) + "+00:00"),
      "is_group": .bool(facts.kind != .direct),
      "recipient_id": facts.other(than: message.sender.id).map { voice.id($0.id) } ?? voice.id(message.conversation),
    ]
  }

  private static func user(_ author: Author, _ voice: Voice) -> JSONObject {
    ["user_id": voice.id(author.id), "username": .string(author.username)]
  }

  private static func changed(_ other: Author, _ voice: Voice) -> Words {
    Words("chat_change", ["user_id": voice.id(other.id)])
  }

  /// What has become of a group.
  private static func changed(_ entry: Entry, _ voice: Voice) -> Words {
    let (action, data): (String, JSONObject) =
      switch entry.event {
      case .conversationCreated: ("create_group", [:])
      case .conversationDeleted: ("delete_group", [:])
      case .memberJoined(let member): ("add_member", user(member.author, voice))
      case .memberLeft(let gone): (gone.id == entry.author.id ? "leave_group" : "remove_member", user(gone, voice))
      case .memberChanged(let member): ("change_group", user(member.author, voice))
      case .conversationUpdated(let title, let picture):
        ("change_group", ["name": .string(title), "picture_url": .string(picture ?? "")])
      default: ("change_group", [:])
      }
    return Words(
      "chat_change",
      ["action": .string(action), "group_id": voice.id(entry.conversation), "data": .object(data)])
  }
}
