import ChatCore
import JSONText

extension Dialect {
  /// Seed 004: REST by query or JSON with a bearer token, and the Socket.IO events that its later clients know.
  public static let umoc = Dialect(
    name: "umoc", carrier: .socketIO,
    credential: Credential(
      requests: [.bearer], sockets: [.parameter("token"), .auth("token"), .bearer], lifetime: Umoc.day),
    ids: .uuid, times: .microseconds,
    options: [
      Option("case", ["uppercase", "lowercase"], standard: "uppercase"), Option("password_min", [], standard: "4"),
    ],
    routes: Umoc.accounts + Umoc.contacts + Umoc.messages + Umoc.groups, actions: Umoc.actions,
    announce: Umoc.announce,
    refuse: Refusals(missing: { member, _ in Refusal(400, "'\(member)' is required") }, words: Umoc.words),
    deviations: [
      "A token is good until its logout: it was good for its day. What is wrong with one is always answered 401.",
      "Passwords in the query are taken as before, but never logged nor cached; they are kept as hashes.",
      "Nothing of the database is told: answers held the texts of SQL errors.",
      "Statuses hold: whom one has blocked or timed out does not write to him, nor shows that he types.",
      "An unblocked contact is what he was before; he became a friend.",
      "Last words are told live as any message: they were only stored.",
      "Presence is told to contacts and to those who have written to each other: it was told to everyone.",
      "What is typed is told only where the two have a conversation, and to members: it was sent to anyone.",
      "A group's name is unique among what one owns of the first hundred so named: others' could be found out.",
      "Members of a group must exist, and a new admin must be a member: neither was checked.",
      "The only admin does not leave a group that has members; he could, and nobody was left.",
      "Admins are those who own the group, whoever else may rename it by another door is shown as one, too.",
      "Of several owners, admin_user_id names the one who registered last: it named the newest admin.",
      "A group may be as large as everywhere; 50 are taken when it is made.",
      "Histories end at the newest 10,000 messages; a page is cut out of these.",
      "debugContacts tells of oneself only.",
    ])
}

/// What the clients of seed 004 ask, send and hear.
enum Umoc {
  /// Seconds that a token lives.
  static let day: Int64 = 86_400
  /// Messages of a page.
  static let pageSize = 20

  /// The domain's refusals, as this server said them.
  static let words: @Sendable (ChatError, _ word: String) -> Refusal? = { error, word in
    switch error {
    case .conflict(.usernameTaken): Refusal(409, "Username already exists")
    case .conflict(.contactsFull): Refusal(400, "Contact list is full")
    case .conflict(.conversationFull): Refusal(400, "Group has as many members as it may")
    case .conflict(.conversationsFull): Refusal(400, "A member has as many groups as he may")
    case .notFound(.user) where word == "addMember": Refusal(400, "New member not found")
    case .notFound(.user) where word == "removeMember": Refusal(400, "Member not found")
    case .notFound(.user): Refusal(400, "User not found")
    case .notFound(.conversation), .forbidden(.wrongKind): Refusal(400, "Group not found")
    case .notFound(.member): Refusal(400, "Member is not in the group")
    case .forbidden(.roleTooLow): Refusal(word == "addMember" ? 403 : 400, "User is not admin of the group")
    case .forbidden(.notAMember): Refusal(400, "User is not a member of the group")
    case .forbidden(.lastOwner): Refusal(400, "The only admin cannot leave the group")
    case .forbidden(.blocked): Refusal(403, "Unable to send message because of user rules")
    case .timedOut(let until): timeout(until: until)
    case .invalid(let faults): faults.first.flatMap { named($0, word) }
    default: nil
    }
  }

  /// What the domain finds wrong, under the name that the client has used.
  private static func named(_ fault: ChatCore.Fault, _ word: String) -> Refusal? {
    let member = String(fault.pointer.dropFirst())
    let names = ["text": "content", "title": "group_name", "picture_url": "group_pic", "avatar_url": "profile_picture"]
    guard let name = names[member], fault.detail.hasPrefix(member) else { return nil }
    return Refusal(400, (word == "changeGroup" ? "new_value" : name) + fault.detail.dropFirst(member.count))
  }

  private static func timeout(until: Timestamp) -> Refusal {
    let text = "You are currently in timeout and cannot send messages"
    let until = TimeForm.microseconds.text(until)
    return Refusal(403, text, body: ["error": .string(text), "until": .string(until)])
  }
}
