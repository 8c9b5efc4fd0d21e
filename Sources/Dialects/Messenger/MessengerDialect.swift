import ChatCore
import JSONText

extension Dialect {
  /// Seed 001: REST with a session cookie, and Socket.IO whose clients prove who they are by it, early or late.
  public static let messenger = Dialect(
    name: "messenger", carrier: .socketIO,
    credential: Credential(
      requests: [.cookie("session")], sockets: [.cookie("session"), .parameter("token"), .auth("token")],
      lifetime: 30 * 86_400, isProvenLater: true),
    ids: .integer, times: .spaced, options: [.sameSite], routes: MessengerRows.routes, actions: MessengerRows.actions,
    announce: { happening, voice in
      switch happening.direct {
      case .said(let said, let recipient):
        let told = MessengerRows.words(said, to: recipient, voice)
        return [Announcement(told, watching: [recipient, said.message.sender])]
      case .edited(let edited, _):
        let told = Words("update_message", MessengerRows.message(edited, voice))
        return [Announcement(told, to: .only(edited.recipient))]
      case .presence(let author, let isOnline):
        let told: JSONValue = ["sender": .string(author.username), "status": isOnline ? "online" : "offline"]
        return [Announcement(Words("user_status_change", told), reader: "userId")]
      case .met(let author): return [Announcement(nil, watching: [author])]
      case nil: return []
      }
    },
    refuse: Refusals(
      envelope: { $0.text.isEmpty ? [:] : ["error": $0.status == 422 ? [.string($0.text)] : .string($0.text)] },
      event: { $0.text.isEmpty ? [] : [Words("error", ["message": .string($0.text)])] },
      missing: { member, word in Refusal(422, "NOT NULL constraint failed: \(word).\(member)") },
      credential: { _, _ in Refusal(401, "Please login") },
      words: { error, word in
        switch error {
        case .notFound: Refusal(404, word == "users" ? "user not found" : "")
        case .conflict(.usernameTaken): Refusal(422, "UNIQUE constraint failed: users.username")
        case .invalid(let faults): Refusal(422, faults.first?.detail ?? "")
        default: nil
        }
      }),
    deviations: [
      "All but registering, signing in and reading pictures needs the cookie; each changes only what is his own.",
      "A socket's identity is proven by the cookie or a token, at once or within 10 s: any username was believed.",
      "What a socket says is told only as it is stored, of the sender, to a contact: anything was relayed as it came.",
      "Users show no messages, others' contacts and addresses neither; a text before an edit is its author's to read.",
      "Who is there, sockets say: a status that is PATCHed is answered, not kept. All devices hear: only the first did.",
      "Uploads are known by their bytes, limited, named at random; a page of a foreign origin has no cookie here.",
      "There are no groups here, so nothing of a group is told; a message that was deleted is as if it never was.",
    ])
}
