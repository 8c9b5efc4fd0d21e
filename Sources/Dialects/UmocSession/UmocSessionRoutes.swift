import ChatCore
import HTTP1
import JSONText

/// The requests of seed 000.
enum UmocSessionRoutes {
  static let rows: [Route] = [
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
      _ = try await ask.run(AddContact(user: contact(ask).id))
      return .ok(["success": "Contact was added successfully"])
    },
    .on(.post, "/changeContact", .signedIn, .write) { ask in
      let (other, status) = (try await contact(ask), try ask.require("status"))
      guard let word = ContactWord(status) else { throw Refusal(400, "Invalid status") }
      try await ask.set(other.id, word)
      return .ok(["success": "Contact status changed successfully"])
    },
    .on(.get, "/getContacts", .signedIn) { ask in
      let contacts = try await ask.contacts()
      let (online, pictures) = (
        try await ask.online(contacts.map(\.user)), try await ask.pictures(contacts.map(\.user))
      )
      let shapes = contacts.map {
        UmocSessionShapes.contact(
          $0, isOnline: online.contains($0.user), picture: pictures[$0.user], ask.voice)
      }
      return .ok(.array(shapes))
    },
    .on(.get, "/getContactMessages", .signedIn) { ask in
      let other = try await contact(ask).id
      let messages = try await ask.history(with: other).map { message in
        let recipient = try message.sender.id == other ? ask.caller.user : other
        return UmocSessionShapes.message(message, to: ask.voice.id(recipient), ask.voice)
      }
      return .ok(.array(ask.voice.option("order") == "newest" ? messages.reversed() : messages))
    },
    .on(.post, "/saveMessage", .signedIn, .send) { ask in
      let message = try await send(ask)
      return .ok([
        "success": "Message saved successfully", "message": "Message saved successfully",
        "message_id": ask.voice.id(message.id),
      ])
    },
  ]

  /// `contact` is a name first, the others are ids first.
  private static func contact(_ ask: Ask) async throws -> User {
    let namesFirst = ask.parameters["contact"] != nil
    return try await ask.findUser("contact", "contactID", "contact_id", namesFirst: namesFirst)
  }

  /// What the request and the event have in common.
  static func send(_ ask: Ask) async throws -> Message {
    let text = try ask.require("content")
    let named = ask.parameters.text("type")?.lowercased() ?? MessageType.text.rawValue
    guard let type = MessageType(rawValue: named) else { throw Refusal(400, "Invalid message type") }
    let unknown = Refusal(400, "Recipient not found")
    guard ask.parameters.flag("is_group") else {
      let other = try await ask.findUser("recipient_id", "recipientID", else: unknown)
      return try await ask.run(SendDirectMessage(to: other.id, text: text, type: type))
    }
    guard let group = ask.conversationID("recipient_id", "recipientID") else { throw unknown }
    return try await ask.run(SendMessage(conversation: group, text: text, type: type)) { error in
      error == .notFound(.conversation) ? unknown : nil
    }.message
  }
}
