import ChatCore
import HTTP1
import JSONText

/// The requests of seed 002.
enum RealtimeRoutes {
  static let accounts: [Route] = [
    .on(.post, "/api/auth/register", .open, .register) { ask in
      let (name, email) = (try ask.require("username"), try ask.require("email"))
      let user = try await ask.run(Register(username: name, password: ask.require("password"), email: email))
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
  ]

  static let privateMessages: [Route] = [
    .on(.post, "/api/messages/private/<int>", .signedIn, .send) { ask in
      .created(RealtimeShapes.privateMessage(try await send(ask, to: ask.user(at: 0)), ask.voice))
    }
  ]

  /// What the request and the event have in common.
  static func send(_ ask: Ask, to other: UserID) async throws -> Message {
    let empty = Refusal(400, "Message content cannot be empty")
    let text = try ask.require("content", else: empty)
    guard try other != ask.caller.user else { throw Refusal(400, "Cannot send message to yourself") }
    return try await ask.run(SendDirectMessage(to: other, text: text)) { error in
      guard case .invalid(let faults) = error else { return nil }
      return faults.first?.pointer == "/user" ? Refusal(404, "User not found") : nil
    }
  }
}
