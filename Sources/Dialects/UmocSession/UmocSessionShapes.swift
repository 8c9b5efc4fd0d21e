import ChatCore
import JSONText

/// The objects of seed 000, with the keys under which its later clients read the same.
enum UmocSessionShapes {
  static func user(_ id: UserID, _ name: String, status: String? = nil, _ voice: Voice) -> JSONValue {
    var shape: JSONObject = ["user_id": voice.id(id), "username": .string(name)]
    if let status { shape["status"] = .string(status) }
    return .object(shape)
  }

  static func contact(_ contact: Contact, isOnline: Bool, picture: String?, _ voice: Voice) -> JSONValue {
    let picture = JSONValue.string(picture ?? "")
    return [
      "contact_id": voice.id(contact.user), "user_id": voice.id(contact.user), "name": .string(contact.username),
      "username": .string(contact.username), "url": picture, "picture_url": picture,
      "status": .text(contact.label?.rawValue),
      "streak": contact.streak.map { .integer($0) } ?? 0, "is_online": .bool(isOnline),
    ]
  }

  static func message(
    _ message: Message, to recipient: JSONValue, isGroup: Bool = false, _ voice: Voice
  ) -> JSONValue {
    [
      "message_id": voice.id(message.id), "sender_id": voice.id(message.sender.id),
      "sender_user_id": voice.id(message.sender.id), "sender_username": .string(message.sender.username),
      "recipient_id": recipient, "content": .string(message.text), "type": .string(message.type.rawValue),
      "timestamp": voice.time(message.createdAt), "send_at": .string(TimeForm.rfc1123.text(message.createdAt)),
      "is_group": .bool(isGroup),
    ]
  }
}
