import ChatCore
import Delivery
import JSONText

/// What the sockets of seed 002 send and hear.
enum RealtimeActions {
  static let rows: [Action] = [
    .on(Action.connect) { ask in .say("connected", ["message": .string("Welcome \(try await ask.me.username)!")]) },
    .on("join_private", .signedIn, .write) { ask in
      let other = try ask.requireUser("other_user_id", else: Refusal(400, "Other user ID required"))
      let opened = try await ask.run(OpenDirectConversation(user: other)) { _ in Refusal(404, "User not found") }
      ask.enter(opened.conversation.id)
      let them = opened.conversation.members.first { $0.user == other }
      return .say(
        "joined_private",
        [
          "chat_id": ask.voice.id(opened.conversation.id),
          "other_user": ["id": ask.voice.id(other), "username": .text(them?.username)],
        ])
    },
    .on("leave_private") { ask in
      let other = try ask.requireUser("other_user_id", else: Refusal(400, "Other user ID required"))
      let opened = try await ask.run(OpenDirectConversation(user: other)) { _ in Refusal(404, "Chat not found") }
      ask.leave(opened.conversation.id)
      return []
    },
    .on("send_private_message", .signedIn, .send) { ask in
      let lacking = Refusal(400, "Other user ID and content required")
      let other = try ask.requireUser("other_user_id", else: lacking)
      _ = try ask.require("content", else: lacking)
      let opened = try await ask.run(OpenDirectConversation(user: other)) { _ in Refusal(404, "User not found") }
      ask.enter(opened.conversation.id)
      _ = try await RealtimeRoutes.send(ask, to: other)
      return []
    },
  ]

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message) where facts.kind == .direct:
      let words = Words("new_private_message", RealtimeShapes.privateMessage(message, voice))
      return [Announcement(words, to: .inside(entry.conversation))]
    case .messageCreated, .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated,
      .conversationDeleted, .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined,
      .left, .contactChanged, .blockChanged, .unknown:
      return []
    }
  }
}
