import ChatCore
import JSONText

extension Dialect {
  /// Seed 000: REST by query, form or JSON with a session id among the parameters, and Socket.IO.
  public static let umocSession = Dialect(
    name: "umoc-session", carrier: .socketIO,
    credential: Credential(
      requests: [.parameter("sessionID")], sockets: [.parameter("sessionID")], actions: [.parameter("sessionID")],
      lifetime: 30 * 86_400),
    ids: .integer, times: .microseconds,
    options: [Option("order", ["newest", "oldest"], standard: "newest")],
    routes: UmocSession.routes, actions: UmocSession.actions, announce: UmocSession.announce,
    refuse: Refusals(
      event: { $0.status == 401 ? [] : [Words("error", ["message": .string($0.text)])] },
      missing: { member, word in Refusal(400, "No \(member) provided for \(word)") },
      credential: { fault, word in
        let wrong = Refusal(401, "User not found. SessionID is wrong...Probably")
        return fault == .missing ? Refusal(400, "No sessionID provided for \(word)") : wrong
      },
      words: { error, _ in
        switch error {
        case .notFound(.user), .notFound(.contact): Refusal(400, "Contact not found")
        case .unauthenticated(.wrongCredentials):
          Refusal(401, "User not found. Username or password is wrong...Probably")
        case .forbidden(.blocked): Refusal(403, "Unable to send message because of user rules")
        default: nil
        }
      }),
    deviations: [
      "Passwords and sessions in the query are taken as before, but never logged nor cached; passwords are hashed.",
      "A name is had by one user: there could be several.",
      "Messages and presence pass to whom the domain lets them: blocks and timeouts hold, strangers hear nothing.",
      "A wrong password or session is answered 401, and each failure is JSON: all was 200 with the same text.",
      "A session ends after 30 days or at its logout; a user may have several: there was one, without an end.",
      "An action with the session of another user than the socket's is refused: it was done in his name.",
    ])
}
