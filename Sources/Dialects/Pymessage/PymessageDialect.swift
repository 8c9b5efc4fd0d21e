import ChatCore
import HTTP1
import JSONText

extension Dialect {
  /// Seed 003: a WebSocket of objects keyed by `type`, and one request.
  public static let pymessage = Dialect(
    name: "pymessage",
    carrier: .typedJSON,
    credential: Credential(requests: [], sockets: [], lifetime: 30 * 86_400, isProvenLater: true),
    ids: .integer,
    times: .zulu,
    options: [Option("msg_nonfriend", ["true", "false"], standard: "true")],
    routes: [
      .on(.get, "/", .open, .none) { _ in throw Refusal(400, "here is a WebSocket") },
      .on(.get, "/get_user", .open, .search) { ask in
        guard ask.parameters.integer("id") != nil else { throw Refusal(400, "id must be the number of a user") }
        let nobody = Refusal(404, "", body: ["user": nil])
        guard let user = ask.userID("id") else { throw nobody }
        let found = try await ask.run(ShowUserToAnyone(user: user)) { $0 == .notFound(.user) ? nobody : nil }
        return .ok(["user": ["username": .string(found.username)]])
      },
    ],
    actions: PymessageActions.rows,
    announce: PymessageActions.announce,
    refuse: Refusals(
      event: { [Words("error", ["error": .string($0.text)])] },
      missing: { _, _ in Refusal(400, "invalid request") },
      credential: { _, _ in Refusal(401, "endpoint not found") },
      words: { error, word in
        switch (word, error) {
        case (_, .conflict(.usernameTaken)): Refusal(409, "username is taken")
        case ("create_acc", _): Refusals.standard(error).saying("failed to create account")
        case ("get_friends", _): Refusals.standard(error).saying("failed to get friends")
        case ("login", .unauthenticated), ("login", .rateLimited), ("login", .invalid):
          Refusals.standard(error).saying("acc not found")
        default: nil
        }
      },
      unknown: Refusal(404, "endpoint not found"), malformed: Refusal(400, "invalid request")),
    deviations: [
      "PINs are kept as hashes, and wrong ones are counted: they were stored in clear, and could be tried for ever.",
      "A message is kept for the histories of the other doors; to who is away it is refused, as the document says.",
      "Requests that wait are told after each login until they are answered; crossing ones make friends.",
      "Who is blocked hears that the other is not connected; of groups nothing is told, there is no word for them.",
      "A client that answers no ping for 50 s, or says for 5 min not who it is, is let go.",
    ])
}
