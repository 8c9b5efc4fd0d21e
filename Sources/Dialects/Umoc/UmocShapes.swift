import ChatCore
import JSONText

/// The objects of the document, with the keys that its examples and the clients of its time read besides.
extension Umoc {
  /// Members that one answer shows, some megabytes: the groups beyond it show the first few of theirs.
  private static let membersMax = 10_000

  /// The caller's contacts, then his groups.
  static func chats(_ ask: Ask) async throws -> [JSONValue] {
    let (contacts, previews) = (try await ask.contacts(), try await ask.conversations())
    let further = min(ask.furtherMembers(of: previews.map(\.0)), membersMax)
    var (groups, last): ([Conversation], [ConversationID: Timestamp]) = ([], [:])
    var (directs, shown): ([UserID: ConversationID], Int) = ([:], 0)
    for (conversation, time) in previews {
      last[conversation.id] = time
      if conversation.kind == .direct {
        for member in conversation.members { directs[member.user] = conversation.id }
      } else {
        let isWhole = conversation.members.count == conversation.memberCount || shown > membersMax
        guard let group = isWhole ? conversation : try await ask.whole(conversation, rest: further) else { continue }
        groups.append(group)
        shown += group.members.count
      }
    }
    let pictures = try await ask.pictures(contacts.map(\.user) + groups.flatMap(\.members).map(\.user))
    let me = try ask.caller.user
    return contacts.map {
      shape($0, picture: pictures[$0.user], last: directs[$0.user].flatMap { last[$0] }, ask.voice)
    } + groups.map { shape($0, for: me, pictures, last: last[$0.id], ask.voice) }
  }

  private static func shape(_ contact: Contact, picture: String?, last: Timestamp?, _ voice: Voice) -> JSONValue {
    var shape = standing(contact, voice)
    shape["is_group"] = false
    shape["name"] = .string(contact.username)
    shape["picture_url"] = .string(picture ?? "")
    shape["last_message_timestamp"] = voice.time(last)
    return .object(shape)
  }

  /// What another is to the caller.
  static func standing(_ contact: Contact, _ voice: Voice) -> JSONObject {
    [
      "contact_id": voice.id(contact.user), "status": status(contact.label ?? .new, voice),
      "streak": contact.streak.map { .integer($0) } ?? .null,
    ]
  }

  /// `LASTWORDS` in the document, `last_words` in the later clients.
  private static func status(_ label: ContactLabel, _ voice: Voice) -> JSONValue {
    .string(isLower(voice) ? label.rawValue : label.rawValue.uppercased().filter { $0 != "_" })
  }

  private static func isLower(_ voice: Voice) -> Bool { voice.option("case") == "lowercase" }

  private static func shape(
    _ group: Conversation, for reader: UserID, _ pictures: [UserID: String], last: Timestamp?, _ voice: Voice
  ) -> JSONValue {
    let (id, made) = (voice.id(group.id), voice.time(group.createdAt))
    let admin = group.members.last { $0.role == .owner }
    let mine = group.members.first { $0.user == reader }?.role ?? .member
    return [
      "is_group": true, "contact_id": id, "group_id": id, "name": .string(group.title ?? ""),
      "picture_url": .string(group.picture ?? ""), "created_at": made, "create_at": made,
      "admin_user_id": admin.map { voice.id($0.user) } ?? .null, "am_admin": .bool(mine != .member),
      "members": .array(group.members.map { shape($0, picture: pictures[$0.user], voice) }),
      "last_message_timestamp": voice.time(last),
    ]
  }

  private static func shape(_ member: Member, picture: String?, _ voice: Voice) -> JSONValue {
    let (id, picture) = (voice.id(member.user), JSONValue.string(picture ?? ""))
    return [
      "contact_id": id, "user_id": id, "name": .string(member.username), "picture_url": picture,
      "profile_picture": picture, "role": member.role == .member ? "member" : "admin",
    ]
  }

  static func shape(_ message: Message, to recipient: JSONValue, _ voice: Voice) -> JSONValue {
    let type = isLower(voice) ? message.type.rawValue : message.type.rawValue.uppercased()
    return [
      "message_id": voice.id(message.id), "sender_user_id": voice.id(message.sender.id),
      "sender_username": .string(message.sender.username), "recipient_id": recipient,
      "content": .string(message.text), "type": .string(type), "timestamp": voice.time(message.createdAt),
    ]
  }
}
