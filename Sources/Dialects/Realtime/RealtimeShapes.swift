import ChatCore
import JSONText

/// The objects of the document, with the keys that the shipped front end reads besides.
enum RealtimeShapes {
  static func user(_ user: User, for reader: UserID?, _ voice: Voice) -> JSONValue {
    [
      "id": voice.id(user.id), "username": .string(user.username),
      "email": user.id == reader ? .text(user.email) : "", "avatar_url": nil, "created_at": voice.time(user.createdAt),
    ]
  }

  static func author(_ author: Author, _ voice: Voice) -> JSONValue {
    ["id": voice.id(author.id), "username": .string(author.username)]
  }

  static func privateMessage(_ message: Message, _ voice: Voice) -> JSONValue {
    [
      "id": voice.id(message.id), "content": .string(message.text), "timestamp": voice.time(message.createdAt),
      "sender_id": voice.id(message.sender.id), "chat_id": voice.id(message.conversation),
      "username": .string(message.sender.username), "avatar_url": nil,
      "sender": [
        "id": voice.id(message.sender.id), "username": .string(message.sender.username), "avatar_url": nil,
      ],
      "files": [],
    ]
  }
}
