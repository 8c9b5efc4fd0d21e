import ChatCore
import EntryText
import JSONText

/// Contacts and blocks, each operation naming the other user.
extension Operations {
  static let contacts: [Operation] = [
    contact("contact.request", "Asks another to be a contact, or accepts his request.") { RequestContact(user: $0) },
    contact("contact.accept", "Accepts another's request.") { AcceptContact(user: $0) },
    contact("contact.remove", "Takes a request back, turns one down, or ends being contacts.") {
      RemoveContact(user: $0)
    },
    contact("block.add", "Lets another write no more, effective at once.") { BlockUser(user: $0) },
    contact("block.remove", "Lets him write again.") { UnblockUser(user: $0) },
  ]

  private static func contact<Asked: Command>(
    _ name: String, _ summary: String, _ command: @escaping @Sendable (UserID) -> Asked
  ) -> Operation where Asked.Reply == Contact {
    let shape = Shape(
      name.split(separator: ".").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(),
      [.integer("user", .required, .ids, "The other.")])
    return Operation(
      name, summary, rate: .write, shape: shape, answer: .rest("Contact")
    ) { asked, chat, caller async throws(ChatError) in
      let contact = try await command(asked.id("user", .user)).run(in: chat, as: caller)
      return { EntryText.write(contact, to: &$0) }
    }
  }
}
