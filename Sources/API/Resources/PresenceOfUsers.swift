import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/presence`: who is there.
enum PresenceOfUsers {
  static func rows(_ limits: Limits) -> [Endpoint] { [show(limits)] }

  private static func show(_ limits: Limits) -> Endpoint {
    let query = Shape(
      "PresenceQuery",
      [
        .array(
          "users", .required, of: .integer(.ids), count: 1...limits.presenceUsersMax,
          "Ids of contacts and of members of shared conversations; others are left out of the answer.")
      ])
    return Endpoint(
      .get, "/v1/presence", "showPresence", "Whether users are there; best effort, right within two seconds.",
      query: query, answers: [.init(200, Schemas.presence, "Those that may be told.")],
      refusals: [503]
    ) { call async throws(ChatError) in
      let users = (call.query.integers("users") ?? []).compactMap { UserID(checking: $0) }
      let found = try await ShowPresence(users: users).run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.object { writer in
          writer.key("presence")
          writer.array { writer in
            for presence in found.known { EntryText.write(presence, to: &writer) }
          }
          writer.member("unknown", array: { writer in for user in found.unknown { writer.int(user.rawValue) } })
        }
      }
    }
  }
}
