import ChatCore
import JSONText

extension Dialect {
  /// Seed 002: REST under `/api` with a bearer token, and Socket.IO with rooms.
  public static let realtime = Dialect(
    name: "realtime",
    carrier: .socketIO,
    credential: Credential(
      requests: [.bearer], sockets: [.parameter("token"), .auth("token"), .bearer], lifetime: 3_600),
    hasRooms: true,
    ids: .integer,
    times: .zulu,
    routes: RealtimeRoutes.accounts + RealtimeRoutes.messages + RealtimeFiles.routes,
    actions: RealtimeActions.rows,
    announce: RealtimeActions.announce,
    refuse: Refusals(
      envelope: { ["message": .string($0.text)] },
      missing: { member, word in
        Refusal(400, word == "register" ? "Missing required fields" : "\(member) is required")
      },
      words: { error, word in
        switch error {
        case .forbidden(.notTheAuthor): return Refusal(403, "You can only delete your own messages")
        case .invalid(let faults):
          switch (faults.first?.pointer, faults.first?.code) {
          case ("/user", "unknown_user"): return Refusal(404, "User not found")
          case ("/user", _): return Refusal(400, "Cannot send message to yourself")
          default: return nil
          }
        case .unavailable(_, let after) where word.hasPrefix("send_"):
          var refusal = Refusal(503, "Failed to send message")
          refusal.retryAfter = after
          return refusal
        default: return nil
        }
      }),
    deviations: [
      "PUT and DELETE of a user need his own token: anybody could change anybody's password.",
      "A username cannot be changed: it says where an account lives. Addresses may be had by several accounts, so that "
        + "registering tells nobody whose address is here.",
      "E-mail addresses of others are empty: anybody could list them.",
      "Sockets without a token, or with one that was signed out, are refused: they were let in as Anonymous.",
      "Files of a chat are listed to its two only: anybody could.",
      "Writing to nobody, and a chat with oneself, are refused: they made ghosts.",
      "What was wrong in a request is answered 400 and said in JSON: much of it was a 500. A token that is no good is "
        + "401, never 422.",
      "The user who joins hears `user_joined` too, who leaves `user_left`, and those who stay hear of a connection "
        + "that ended. A node that is killed says nothing; with more than 256 in it on one event loop nobody is told.",
      "Who comes back to the same node within two minutes is in his rooms again, if his client sends the `pid`; what "
        + "was said meanwhile is history.",
      "Sending joins: `Not in public chat` and `Not in this private chat` are not said.",
      "Messages by REST are told live as well.",
      "Online users come half a second after they were asked for, each once.",
      "Lists end at 10,000, histories also at 8 MiB of text.",
    ])
}
