import ChatCore
import Delivery
import JSONText

/// What the sockets of seed 000 send and hear.
enum UmocSessionActions {
  static let rows: [Action] = [
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
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message):
      let recipient = facts.other(than: message.sender.id).map { voice.id($0.id) } ?? voice.id(message.conversation)
      let isGroup = facts.kind != .direct
      return [
        Announcement(
          Words("new_message", UmocSessionShapes.message(message, to: recipient, isGroup: isGroup, voice)))
      ]
    case .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated, .conversationDeleted,
      .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined, .left, .contactChanged,
      .blockChanged, .unknown:
      return []
    }
  }
}
