import ChatCore
import JSONText

/// What the sockets of seed 003 send.
enum PymessageActions {
  static let rows: [Action] = [
    .on("login", .open) { ask in
      let signedIn = try await ask.signIn(
        ask.require("username"), ask.require("pin"), else: Refusal(401, "acc not found"))
      try await ask.begin(signedIn)
      return .say("resp", ["id": ask.voice.id(signedIn.user.id)])
    }
  ]
}
