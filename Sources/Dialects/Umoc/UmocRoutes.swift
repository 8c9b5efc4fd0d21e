import ChatCore
import HTTP1
import JSONText

/// The requests of seed 004.
enum UmocRoutes {
  static let rows: [Route] = [
    .on(.get, "/", .open) { _ in .text("UMOC Backend API") },
    .on(.get, "/login", .open) { ask in
      let signedIn = try await ask.signIn(ask.require("username"), ask.require("password"))
      return .ok([
        "access_token": .string(signedIn.access.token), "expires_in": 86_400,
        "user_id": ask.voice.id(signedIn.user.id),
      ])
    },
    .on(.post, "/logout", .signedIn, .write) { ask in
      try await ask.signOut()
      return .ok(["success": "User logged out successfully"])
    },
  ]
}
