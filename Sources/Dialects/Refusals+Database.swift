import ChatCore
import JSONText

extension Refusals {
  /// The words of servers that hand on what their database says: 422 and a list of texts for what it would not store,
  /// 404 for what it does not have, with words or, as most said, with nothing.
  ///
  /// - Shape: `{"error":["NOT NULL constraint failed: users.fname"]}`, `{}`, `{"error":"Please login"}`.
  /// - Parameters:
  ///   - unknown: the words for what it does not have, where there are any.
  ///   - taken: the column of names.
  ///   - credential: what is said to who is not signed in.
  static func ofDatabase(unknown: [ChatError.Noun: String], taken: String, credential: String) -> Refusals {
    Refusals(
      envelope: { refusal in
        let text = JSONValue.string(refusal.text)
        return refusal.text.isEmpty ? [:] : ["error": refusal.status == 422 ? [text] : text]
      },
      missing: { member, word in Refusal(422, "NOT NULL constraint failed: \(word).\(member)") },
      credential: { _, _ in Refusal(401, credential) },
      words: { error, _ in
        switch error {
        case .notFound(let noun): Refusal(404, unknown[noun] ?? "")
        case .conflict(.usernameTaken): Refusal(422, "UNIQUE constraint failed: \(taken)")
        case .invalid(let faults): Refusal(422, faults.first?.detail ?? "Invalid request")
        default: nil
        }
      })
  }
}
