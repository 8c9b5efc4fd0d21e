import ChatCore
import JSONText

extension Dialect {
  /// Seed 004: REST by query or JSON with a bearer token, and the Socket.IO events that its later clients know.
  public static let umoc = Dialect(
    name: "umoc",
    carrier: .socketIO,
    credential: Credential(
      requests: [.bearer], sockets: [.parameter("token"), .auth("token"), .bearer], lifetime: 86_400),
    ids: .uuid,
    times: .microseconds,
    options: [Option("case", ["uppercase", "lowercase"], standard: "uppercase")],
    routes: UmocRoutes.rows,
    refuse: Refusals(
      missing: { member, _ in Refusal(400, "'\(member)' is required") },
      words: { error, _ in
        switch error {
        case .conflict(.usernameTaken): Refusal(409, "Username already exists")
        case .notFound(.user): Refusal(400, "User not found")
        default: nil
        }
      }),
    deviations: [
      "A token is good until its logout: it was good for its day."
    ])
}
