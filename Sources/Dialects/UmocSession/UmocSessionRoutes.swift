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
  ]
}
