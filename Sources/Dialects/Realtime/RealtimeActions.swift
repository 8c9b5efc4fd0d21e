import ChatCore
import Delivery
import JSONText

/// What the sockets of seed 002 send and hear.
enum RealtimeActions {
  static let rows: [Action] = [
    .on(Action.connect) { ask in
      // Who comes back to the room for everybody had been told to have left it.
      if ask.isInside(Lobby.id) { try await join(ask) }
      return .say("connected", ["message": .string("Welcome \(try await ask.me.username)!")])
    },
    .quiet(Action.disconnect) { ask in if ask.isInside(Lobby.id) { ask.tell(try await left(ask), room, inside) } },
    .quiet("join_public", .signedIn, .write) { ask in try await join(ask) },
    .on("leave_public", .signedIn, .write) { ask in
      guard ask.isInside(Lobby.id) else { return [] }
      ask.leave(Lobby.id)
      let words = try await left(ask)
      ask.tell(words, room, inside)
      return [words]
    },
    .quiet("send_public_message", .signedIn, .send) { ask in
      guard let text = text(ask) else { throw RealtimeRoutes.empty }
      // Its clients do not join again when they come back, and send what they have kept.
      if !ask.isInside(Lobby.id) { try await join(ask) }
      _ = try await RealtimeRoutes.say(ask, text)
    },
    .quiet("get_online_users", .signedIn, .search) { ask in
      let voice = ask.voice
      ask.callRoll(of: Lobby.id) { inside in
        .say("online_users", ["users": .array(inside.map { RealtimeShapes.person($0, voice) })])
      }
    },
    .on("join_private", .signedIn, .write) { ask in
      let other = try other(ask, else: "Other user ID required")
      let chat = try await ask.run(OpenDirectConversation(user: other)).conversation
      ask.enter(chat.id, after: chat.head)
      let them = Author(id: other, username: chat.members.first { $0.user == other }?.username ?? "")
      return .say(
        "joined_private", ["chat_id": ask.voice.id(chat.id), "other_user": RealtimeShapes.person(them, ask.voice)])
    },
    .quiet("leave_private", .signedIn, .read) { ask in
      let other = try other(ask, else: "Other user ID required")
      if let chat = try await ask.run(FindDirectConversation(user: other)) { ask.leave(chat) }
    },
    .quiet("send_private_message", .signedIn, .send) { ask in
      let lacking = "Other user ID and content required"
      let other = try other(ask, else: lacking)
      guard let text = text(ask) else { throw Refusal(400, lacking) }
      let chat = try await ask.run(OpenDirectConversation(user: other)).conversation
      ask.enter(chat.id, after: chat.head)
      _ = try await ask.run(SendMessage(conversation: chat.id, text: text))
    },
  ]

  private static let room = Topic.conversation(Lobby.id)
  private static let inside = Audience.inside(Lobby.id)

  /// Enters the room for everybody; all inside are told, who has entered too.
  private static func join(_ ask: Ask) async throws {
    ask.enter(Lobby.id)
    ask.tell(try await words("user_joined", "joined", ask), room, inside)
  }

  private static func left(_ ask: Ask) async throws -> Words { try await words("user_left", "left", ask) }

  private static func words(_ name: String, _ what: String, _ ask: Ask) async throws -> Words {
    let user = try await ask.me.username
    return Words(name, ["username": .string(user), "message": .string("\(user) \(what) the chat")])
  }

  private static func other(_ ask: Ask, else lacking: String) throws -> UserID {
    guard ask.parameters["other_user_id"] != nil else { throw Refusal(400, lacking) }
    guard let other = ask.userID("other_user_id") else { throw Refusal(400, "Invalid user ID") }
    return other
  }

  /// What is said, without the blanks around it; nil when nothing is left.
  private static func text(_ ask: Ask) -> String? {
    let text = ask.parameters.text("content")?.drop(while: \.isWhitespace) ?? ""
    return text.lastIndex { !$0.isWhitespace }.map { String(text[...$0]) }
  }

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message) where facts.kind == .direct:
      let shape = RealtimeShapes.live(message, voice).adding([
        "sender": RealtimeShapes.person(message.sender, voice), "chat_id": voice.id(message.conversation),
      ])
      return [Announcement(Words("new_private_message", shape), to: .inside(entry.conversation))]
    case .messageCreated(let message) where entry.conversation == Lobby.id:
      let shape = RealtimeShapes.live(message, voice).adding(["user": RealtimeShapes.person(message.sender, voice)])
      return [Announcement(Words("new_public_message", shape), to: .inside(entry.conversation))]
    case .messageCreated, .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated,
      .conversationDeleted, .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined,
      .left, .contactChanged, .blockChanged, .unknown:
      return []
    }
  }
}
