import ChatCore
import JSONText

extension Dialect {
  /// Seed 002: REST under `/api` with a bearer token, and Socket.IO with rooms.
  public static let realtime = Dialect(
    name: "realtime",
    carrier: .socketIO,
    credential: Credential(
      requests: [.bearer], sockets: [.parameter("token"), .auth("token"), .bearer], lifetime: 3_600),
    ids: .integer,
    times: .zulu,
    routes: RealtimeRoutes.accounts + RealtimeRoutes.privateMessages,
    actions: RealtimeActions.rows,
    announce: RealtimeActions.announce,
    refuse: Refusals(
      envelope: { ["message": .string($0.text)] },
      missing: { member, word in
        Refusal(400, word == "register" ? "Missing required fields" : "\(member) is required")
      },
      words: { error, _ in
        switch error {
        case .forbidden(.notTheAuthor): Refusal(403, "You can only delete your own messages")
        default: nil
        }
      }),
    deviations: [
      "PUT and DELETE of a user need his own token: anybody could change anybody's password.",
      "Sockets without a token, or with one that was signed out, are refused: they were let in as Anonymous.",
      "E-mail addresses of others are empty: anybody could list them.",
      "Sending to nobody is refused: it made chats with users that do not exist.",
      "Histories end at the newest 10,000 messages.",
    ])
}
