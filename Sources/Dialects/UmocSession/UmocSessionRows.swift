import ChatCore
import Delivery
import HTTP1
import JSONText

/// What the clients of seed 000 ask, send and hear.
enum UmocSession {
  static let routes: [Route] = [
    .on(.get, "/", .open) { _ in .text("Hello World") },
    .on(.post, "/register", .open, .register) { ask in
      _ = try await ask.run(Register(username: ask.require("username"), password: ask.require("password")))
      return .ok(["success": "User registered successfully"])
    },
    .on(.get, "/login", .open) { ask in
      let signedIn = try await ask.signIn(ask.require("username"), ask.require("password"))
      return .ok(["success": "User logged in, session ID created", "sessionID": .string(signedIn.access.token)])
    },
    .on(.post, "/logout", .recognised) { ask in
      _ = try ask.require("sessionID")
      if ask.isKnown { try await ask.signOut() }
      return .ok(["success": "User logged out successfully"])
    },
    .on(.post, "/addContact", .signedIn, .write) { ask in
      _ = try await ask.run(AddContact(user: find(ask)))
      return .ok(["success": "Contact was added successfully"])
    },
    .on(.post, "/changeContact", .signedIn, .write) { ask in
      let (other, status) = (try await find(ask), try ask.require("status"))
      guard let word = ContactWord(status) else { throw Refusal(400, "Invalid status") }
      try await ask.set(other, word)
      return .ok(["success": "Contact status changed successfully"])
    },
    .on(.get, "/getContacts", .signedIn) { ask in
      .ok(.array(try await ask.acquaintances().map { shape($0, ask.voice) }))
    },
    .on(.get, "/getContactMessages", .signedIn) { ask in
      let (me, other) = (try ask.caller.user, try await find(ask))
      let messages = try await ask.history(with: other).map {
        shape($0, to: ask.voice.id($0.sender.id == me ? other : me), isGroup: false, ask.voice)
      }
      return .ok(.array(ask.voice.option("order") == "newest" ? messages.reversed() : messages))
    },
    .on(.post, "/saveMessage", .signedIn, .send) { ask in
      let (saved, id) = (JSONValue.string("Message saved successfully"), ask.voice.id(try await send(ask).id))
      return .ok(["success": saved, "message": saved, "message_id": id])
    },
  ]

  /// `contact` is a name first, the others are ids first.
  private static func find(_ ask: Ask) async throws -> UserID {
    try await ask.findUser("contact", "contactID", "contact_id", namesFirst: ask.parameters["contact"] != nil).id
  }

  /// What the request and the event have in common.
  static func send(_ ask: Ask) async throws -> Message {
    let text = try ask.require("content")
    let named = ask.parameters.text("type")?.lowercased() ?? MessageType.text.rawValue
    guard let type = MessageType(rawValue: named) else { throw Refusal(400, "Invalid message type") }
    let unknown = Refusal(400, "Recipient not found")
    guard ask.parameters.flag("is_group") else {
      let other = try await ask.findUser("recipient_id", "recipientID", else: unknown)
      return try await ask.run(SendDirectMessage(to: other.id, text: text, type: type)).message
    }
    guard let group = ask.conversationID("recipient_id", "recipientID") else { throw unknown }
    return try await ask.run(SendMessage(conversation: group, text: text, type: type)) {
      $0 == .notFound(.conversation) ? unknown : nil
    }.message
  }

  private static func shape(_ one: Acquaintance, _ voice: Voice) -> JSONValue {
    let (id, name) = (voice.id(one.contact.user), JSONValue.string(one.contact.username))
    let picture = JSONValue.string(one.picture ?? "")
    return [
      "contact_id": id, "user_id": id, "name": name, "username": name, "url": picture, "picture_url": picture,
      "status": .text(one.contact.label?.rawValue), "streak": .integer(one.contact.streak ?? 0),
      "is_online": .bool(one.isOnline),
    ]
  }

  static let actions: [Action] = [
    .quiet(Action.connect) { ask in try await ask.watchContacts() },
    .quiet("send_message", .signedIn, .send) { ask in _ = try await send(ask) },
    .on("add_contact", .signedIn, .write) { ask in
      let unknown = Refusal(400, "User not found")
      let other = try await ask.findUser("contact_username", namesFirst: true, else: unknown).author
      let label = try await ask.run(AddContact(user: other.id)).label ?? .new
      ask.tell(Words("contact_request", user(try await ask.me.author, [:], ask.voice)), .user(other.id))
      return .say("contact_added", user(other, ["status": .string(label.rawValue)], ask.voice))
    },
  ]

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    if case .presence(let author, let isOnline) = happening {
      return [Announcement(Words("user_status", user(author, ["status": isOnline ? "online" : "offline"], voice)))]
    }
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message):
      let to = facts.other(than: message.sender.id).map { voice.id($0.id) } ?? voice.id(message.conversation)
      let words = Words("new_message", shape(message, to: to, isGroup: facts.kind != .direct, voice))
      return [Announcement(words, watching: facts.pair)]
    case .contactChanged(let contact):
      return [Announcement(nil, watching: contact.state == nil ? [] : [contact.author])]
    case .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated, .conversationDeleted,
      .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined, .left, .blockChanged,
      .unknown:
      return []
    }
  }

  private static func user(_ author: Author, _ more: JSONObject, _ voice: Voice) -> JSONValue {
    JSONValue.object(["user_id": voice.id(author.id), "username": .string(author.username)]).adding(more)
  }

  private static func shape(_ message: Message, to: JSONValue, isGroup: Bool, _ voice: Voice) -> JSONValue {
    [
      "message_id": voice.id(message.id), "sender_id": voice.id(message.sender.id),
      "sender_user_id": voice.id(message.sender.id), "sender_username": .string(message.sender.username),
      "recipient_id": to, "content": .string(message.text), "type": .string(message.type.rawValue),
      "timestamp": voice.time(message.createdAt), "send_at": .string(TimeForm.rfc1123.text(message.createdAt)),
      "is_group": .bool(isGroup),
    ]
  }
}
