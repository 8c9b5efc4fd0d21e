import ChatCore
import HTTP1
import JSONText

/// The requests of seed 001.
enum MessengerRoutes {
  static let rows: [Route] = [
    .on(.post, "/login", .open) { ask in
      let wrong = Refusal(401, "username/password not on file")
      let (name, password) = (try ask.require("username", else: wrong), try ask.require("password_hash", else: wrong))
      let signedIn = try await ask.signIn(name, password, else: wrong)
      return Answer(
        200, .json(["id": ask.voice.id(signedIn.user.id), "username": .string(signedIn.user.username)]),
        headers: ask.cookie("session", signedIn.access.token))
    },
    .on(.delete, "/logout", .recognised) { ask in
      if ask.isKnown { try await ask.signOut() }
      return Answer(204, .empty, headers: ask.cookie("session", nil))
    },
  ]
}
