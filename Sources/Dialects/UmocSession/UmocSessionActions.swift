import ChatCore
import Delivery
import JSONText

/// What the sockets of seed 000 send and hear.
enum UmocSessionActions {
  static let rows: [Action] = [
    .on(Action.connect) { ask in
      ask.watch(try await ask.contacts().map { Author(id: $0.user, username: $0.username) })
      return []
    },
    .on("send_message", .signedIn, .send) { ask in
      _ = try await UmocSessionRoutes.send(ask)
      return []
    },
    .on("add_contact", .signedIn, .write) { ask in
      let unknown = Refusal(400, "User not found")
      let other = try await ask.findUser("contact_username", namesFirst: true, else: unknown)
      let label = try await ask.run(AddContact(user: other.id)).label ?? .new
      let me = try await ask.me
      ask.tell(Words("contact_request", UmocSessionShapes.user(me.id, me.username, ask.voice)), .user(other.id))
      let shape = UmocSessionShapes.user(other.id, other.username, status: label.rawValue, ask.voice)
      return .say("contact_added", shape)
    },
  ]

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    if case .presence(let author, let isOnline) = happening {
      let shape = UmocSessionShapes.user(author.id, author.username, status: isOnline ? "online" : "offline", voice)
      return [Announcement(Words("user_status", shape))]
    }
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message):
      let recipient = facts.other(than: message.sender.id).map { voice.id($0.id) } ?? voice.id(message.conversation)
      let isGroup = facts.kind != .direct
      let shape = UmocSessionShapes.message(message, to: recipient, isGroup: isGroup, voice)
      return [Announcement(Words("new_message", shape), watching: facts.pair)]
    case .contactChanged(let contact) where contact.state != nil:
      return [Announcement(nil, watching: [Author(id: contact.user, username: contact.username)])]
    case .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated, .conversationDeleted,
      .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined, .left, .contactChanged,
      .blockChanged, .unknown:
      return []
    }
  }
}
