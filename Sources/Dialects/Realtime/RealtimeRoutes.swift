import ChatCore
import HTTP1
import JSONText

/// The requests of seed 002: accounts and messages.
enum RealtimeRoutes {
  static let accounts: [Route] = [
    .on(.post, "/api/auth/register", .open, .register) { ask in
      let (name, email) = (try ask.require("username"), try ask.require("email"))
      let password = try ask.require("password")
      let user = try await ask.run(
        Register(username: name, password: password, email: email, avatarURL: picture(ask) ?? nil))
      return .created([
        "message": "User registered successfully", "user": RealtimeShapes.user(user, for: user.id, ask.voice),
      ])
    },
    .on(.post, "/api/auth/login", .open) { ask in
      let wrong = Refusal(401, "Invalid credentials")
      let (name, password) = (try ask.require("username", else: wrong), try ask.require("password", else: wrong))
      let signedIn = try await ask.signIn(name, password)
      return .ok([
        "message": "Login successful", "access_token": .string(signedIn.access.token),
        "user": RealtimeShapes.user(signedIn.user, for: signedIn.user.id, ask.voice),
      ])
    },
    .on(.post, "/api/auth/logout", .signedIn, .write) { ask in
      try await ask.signOut()
      return .ok(["message": "Logout successful"])
    },
    .on(.get, "/api/users", .open, .search) { ask in
      let users: [User] = try await ask.all(weight: \.heldBytes) {
        try await ask.run(ListUsersToAnyone(after: $0, limit: $1))
      }
      return .ok(["users": .array(users.map { RealtimeShapes.user($0, ask.voice) })])
    },
    .on(.get, "/api/users/<int>", .recognised) { ask in
      let user = try await ask.run(ShowUserToAnyone(user: ask.user(at: 0)))
      let reader = ask.isKnown ? try ask.caller.user : nil
      return .ok(["user": RealtimeShapes.user(user, for: reader, ask.voice)])
    },
    .on(.put, "/api/users/<int>", .signedIn, .write) { ask in
      let before = try await own(ask)
      if let name = ask.parameters.text("username"), name != before.username {
        throw Refusal(400, "Username cannot be changed")
      }
      var change = ProfileChange(avatarURL: picture(ask))
      if let email = ask.parameters.text("email") { change.email = .some(email) }
      let user = try await ask.run(UpdateProfile(change))
      if let password = ask.parameters.text("password") { try await ask.run(SetPassword(password: password)) }
      return .ok([
        "message": "User updated successfully", "user": RealtimeShapes.user(user, for: user.id, ask.voice),
      ])
    },
    .on(.delete, "/api/users/<int>", .signedIn, .write) { ask in
      _ = try await own(ask)
      try await ask.run(DeleteAccount(password: nil))
      return .ok(["message": "User deleted successfully"])
    },
  ]

  /// The user in the path, who has to be the caller.
  private static func own(_ ask: Ask) async throws -> User {
    let user = try await ask.run(ShowUser(user: ask.user(at: 0)))
    guard try user.id == ask.caller.user else { throw Refusal(403, "Access denied") }
    return user
  }

  /// What becomes of the picture: nothing, none, or another.
  private static func picture(_ ask: Ask) -> String?? {
    guard ask.parameters.has("avatar_url") else { return nil }
    let url = ask.parameters.text("avatar_url") ?? ""
    return .some(url.isEmpty ? nil : url)
  }

  static let messages: [Route] = [
    .on(.get, "/api/messages", .signedIn) { ask in
      let messages = try await ask.history(Lobby.id)
      return try await list(ask, messages, files(ask, of: messages.map(\.id)))
    },
    .on(.post, "/api/messages", .signedIn, .send) { ask in
      try await created(ask, say(ask, content(ask)))
    },
    .on(.delete, "/api/messages/<int>", .signedIn, .write) { ask in
      let message = try await standing(ask, at: 0)
      guard message.conversation == Lobby.id else { throw Refusal(404, "Message not found") }
      return try await delete(ask, message)
    },
    .on(.get, "/api/messages/private/<int>", .signedIn) { ask in
      try await list(ask, ask.history(with: ask.user(at: 0)))
    },
    .on(.post, "/api/messages/private/<int>", .signedIn, .send) { ask in
      let (other, text) = (try ask.user(at: 0), try content(ask))
      return try await created(ask, ask.run(SendDirectMessage(to: other, text: text)).message)
    },
    .on(.delete, "/api/messages/private/<int>/<int>", .signedIn, .write) { ask in
      let message = try await standing(ask, at: 1)
      let chat = try await ask.run(FindDirectConversation(user: ask.user(at: 0)))
      guard message.conversation == chat else { throw Refusal(404, "Invalid chat or message") }
      return try await delete(ask, message)
    },
  ]

  /// A page of messages after the other, since each may name ten files with long addresses.
  private static func files(_ ask: Ask, of messages: [EntryID]) async throws -> [FileLink] {
    var (found, rest): ([FileLink], ArraySlice<EntryID>) = ([], messages[...])
    while !rest.isEmpty {
      let some = rest.prefix(ask.limits.pageMax)
      rest = rest.dropFirst(some.count)
      found += try await ask.gathered {
        try await ask.run(ShowFileLinks(of: Array(some), in: Lobby.id))
      } weigh: { files in
        (files.reduce(0) { $0 + $1.heldBytes }, 0)
      }
    }
    return found
  }

  static let empty = Refusal(400, "Message content cannot be empty")

  /// What is said, as it was written.
  private static func content(_ ask: Ask) throws -> String {
    let text = try ask.require("content", else: empty)
    guard text.contains(where: { !$0.isWhitespace }) else { throw empty }
    return text
  }

  /// Says something in the room for everybody, whose member one becomes by it.
  static func say(_ ask: Ask, _ text: String) async throws -> Message {
    let command = SendMessage(conversation: Lobby.id, text: text)
    do { return try await ask.run(command).message } catch ChatError.forbidden(.notAMember) {}
    try await ask.run(JoinLobby())
    return try await ask.run(command).message
  }

  /// A message that is there and, since the old server asked that first, the caller's own.
  private static func standing(_ ask: Ask, at place: Int) async throws -> Message {
    let message = try await ask.run(ShowMessage(message: ask.message(at: place)))
    guard message.deletedAt == nil else { throw ChatError.notFound(.message) }
    guard try message.sender.id == ask.caller.user else { throw ChatError.forbidden(.notTheAuthor) }
    return message
  }

  private static func delete(_ ask: Ask, _ message: Message) async throws -> Answer {
    _ = try await ask.run(DeleteMessage(message: message.id))
    return .ok(["message": "Message deleted"])
  }

  private static func created(_ ask: Ask, _ message: Message) async throws -> Answer {
    .created(RealtimeShapes.message(message, try await ask.pictures([message.sender.id]), ask.voice))
  }

  private static func list(_ ask: Ask, _ messages: [Message], _ files: [FileLink] = []) async throws -> Answer {
    let pictures = try await ask.pictures(messages.map(\.sender.id))
    let named = Dictionary(grouping: files, by: \.message)
    let shapes = messages.map { RealtimeShapes.message($0, pictures, files: named[$0.id] ?? [], ask.voice) }
    return .ok(["messages": .array(shapes)])
  }
}
