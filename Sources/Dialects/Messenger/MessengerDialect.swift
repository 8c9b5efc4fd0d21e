import ChatCore
import JSONText

extension Dialect {
  /// Seed 001: REST with a session cookie, and Socket.IO whose clients prove who they are by it, early or late.
  public static let messenger = Dialect(
    name: "messenger",
    carrier: .socketIO,
    credential: Credential(
      requests: [.cookie("session")], sockets: [.cookie("session"), .parameter("token"), .auth("token")],
      lifetime: 30 * 86_400, isProvenLater: true),
    ids: .integer,
    times: .spaced,
    routes: MessengerRoutes.rows,
    refuse: Refusals(
      missing: { member, _ in
        Refusal(422, "", body: ["error": [.string("NOT NULL constraint failed: users.\(member)")]])
      },
      credential: { _, _ in Refusal(401, "Please login") }),
    deviations: [
      "A socket's identity is proven by the cookie or a token: any username was believed."
    ])
}
