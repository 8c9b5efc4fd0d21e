import ChatCore
import HTTP1
import JSONText

/// Accounts, contacts and messages.
extension Umoc {
  static let accounts: [Route] = [
    .on(.get, "/", .open) { _ in .text("UMOC Backend API") },
    .on(.post, "/register", .open, .register) { ask in
      let (name, password) = (try ask.require("username"), try ask.require("password"))
      guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "_") }) else {
        throw Refusal(400, "Username can only contain letters, numbers, dots (.) and underscores (_)")
      }
      try check("Username", name, 3...25)
      let least = ask.limits.passwordBytesMin
      try check("Password", password, least...max(least, 100))
      let picture = ask.parameters.text("profile_picture", "profile_pic")
      _ = try await ask.run(
        Register(username: name, password: password, avatarURL: picture == "" ? nil : picture))
      return .created(["success": "User registered successfully"])
    },
    .on(.get, "/login", .open) { ask in
      let signedIn = try await ask.signIn(ask.require("username"), ask.require("password"))
      return .ok([
        "access_token": .string(signedIn.access.token), "expires_in": .integer(day),
        "user_id": ask.voice.id(signedIn.user.id),
      ])
    },
    .on(.post, "/logout", .signedIn, .write) { ask in
      try await ask.signOut()
      return .ok(["success": "User logged out successfully"])
    },
    .on(.get, "/getOwnProfile", .signedIn) { ask in
      let me = try await ask.run(ShowMe())
      return .ok([
        "user_id": ask.voice.id(me.id), "username": .string(me.username),
        "profile_picture": .string(me.avatarURL ?? ""),
      ])
    },
  ]

  static let contacts: [Route] = [
    .on(.post, "/addContact", .signedIn, .search) { ask in
      let name = try ask.require("contact_name")
      guard let other = try await ask.run(FindUser(username: name)) else { throw try await unknown(name, ask) }
      let known = try await ask.contact(other.id)
      guard known?.state == nil else { throw Refusal(400, "Contact already exists") }
      _ = try await ask.run(AddContact(user: other.id))
      return .created(["success": "Contact was added successfully"])
    },
    .on(.post, "/changeContact", .signedIn, .write) { ask in
      let failed = Refusal(500, "Failed to change contact status")
      _ = try ask.require("contact_id")
      guard let word = ContactWord(try ask.require("status")), let other = ask.userID("contact_id") else {
        throw failed
      }
      do { try await ask.set(other, word) } catch ChatError.notFound, ChatError.invalid, ChatError.forbidden {
        throw failed
      }
      return .ok(["success": "Contact status changed successfully"])
    },
    .on(.get, "/getChats", .signedIn) { ask in .ok(["chats": .array(try await chats(ask))]) },
    .on(.get, "/debugContacts", .signedIn) { ask in
      let (me, contacts) = (try await ask.run(ShowMe()), try await ask.contacts())
      return .ok([
        "user_id": ask.voice.id(me.id), "username": .string(me.username),
        "contact_count": .integer(Int64(contacts.count)),
        "contacts": .array(contacts.map { .object(standing($0, ask.voice)) }),
      ])
    },
  ]

  static let messages: [Route] = [
    .on(.get, "/getChatMessages", .signedIn) { ask in
      _ = try ask.require("chat_id")
      return .ok(["messages": .array(try await history(ask))])
    },
    .on(.post, "/saveMessage", .signedIn, .send) { ask in
      _ = try ask.require("recipient_id")
      let sent = try await send(ask.require("content"), ask)
      guard !sent.wereLastWords else {
        return .ok(["success": "Your last message has been send you are now blocked"])
      }
      return .ok(["success": "Message saved successfully", "message_id": ask.voice.id(sent.message.id)])
    },
  ]

  /// Lengths are counted in characters as that server's language has them.
  static func check(_ what: String, _ text: String, _ length: ClosedRange<Int>) throws {
    guard length.contains(text.unicodeScalars.count) else {
      throw Refusal(400, "\(what) must be between \(length.lowerBound) and \(length.upperBound) characters long")
    }
  }

  private static func unknown(_ name: String, _ ask: Ask) async throws -> Refusal {
    let text = JSONValue.string("Contact not found.")
    var near: [User] = []
    do { near = try await ask.run(SuggestUsernames(query: name)) } catch ChatError.invalid {}
    let names = JSONValue.array(near.map { .string($0.username) })
    return Refusal(400, "", body: near.isEmpty ? ["error": text] : ["error": text, "suggestions": names])
  }

  /// `chat_id` is a user's id or a group's.
  private static func history(_ ask: Ask) async throws -> [JSONValue] {
    if let group = ask.conversationID("chat_id") {
      let messages = ask.page(try await ask.history(group), of: pageSize)
      return messages.map { shape($0, to: ask.voice.id(group), ask.voice) }
    }
    guard let (me, other) = try ask.userID("chat_id").map({ (try ask.caller.user, $0) }),
      try await ask.run(ShowUsers(users: [other])).first != nil
    else { throw Refusal(404, "Contact not found") }
    return ask.page(try await ask.history(with: other), of: pageSize).map {
      shape($0, to: ask.voice.id($0.sender.id == me ? other : me), ask.voice)
    }
  }

  /// So is `recipient_id`.
  private static func send(_ text: String, _ ask: Ask) async throws -> Appended {
    let unknown = Refusal(400, "Recipient not found")
    if let group = ask.conversationID("recipient_id") {
      return try await ask.run(SendMessage(conversation: group, text: text)) {
        $0 == .notFound(.conversation) ? Refusal(400, "You are not a member of this group") : nil
      }
    }
    guard let other = ask.userID("recipient_id") else { throw unknown }
    return try await ask.run(SendDirectMessage(to: other, text: text)) { error in
      guard case .invalid(let faults) = error, faults.first?.pointer == "/user" else { return nil }
      return unknown
    }
  }
}
