import ChatCore
import JSONText

/// The objects of the document, with the keys that the shipped front end reads besides.
enum RealtimeShapes {
  /// A user; his address is shown to himself only.
  static func user(_ user: User, for reader: UserID? = nil, _ voice: Voice) -> JSONValue {
    [
      "id": voice.id(user.id), "username": .string(user.username),
      "email": user.id == reader ? .text(user.email) : "", "avatar_url": .text(user.avatarURL),
      "created_at": voice.time(user.createdAt),
    ]
  }

  static func person(_ author: Author, _ voice: Voice) -> JSONValue {
    ["id": voice.id(author.id), "username": .string(author.username)]
  }

  /// A message as requests show it: flat as in the document, nested as the front end reads it.
  static func message(
    _ message: Message, _ pictures: [UserID: String], files: [FileLink] = [], _ voice: Voice
  ) -> JSONValue {
    let (id, picture) = (voice.id(message.sender.id), JSONValue.text(pictures[message.sender.id]))
    let sender = person(message.sender, voice).adding(["avatar_url": picture])
    let place: JSONObject =
      message.conversation == Lobby.id
      ? ["user_id": id, "user": sender]
      : ["sender_id": id, "chat_id": voice.id(message.conversation), "sender": sender]
    return live(message, voice)
      .adding(["avatar_url": picture, "files": .array(files.map { file($0, voice) })]).adding(place)
  }

  /// What all forms of a message have.
  static func live(_ message: Message, _ voice: Voice) -> JSONValue {
    [
      "id": voice.id(message.id), "content": .string(message.text), "timestamp": voice.time(message.createdAt),
      "username": .string(message.sender.username),
    ]
  }

  static func file(_ file: FileLink, _ voice: Voice) -> JSONValue {
    [
      "id": voice.id(file.id), "filename": .string(file.name), "file_url": .string(file.url),
      "file_size": .integer(file.size), "uploaded_at": voice.time(file.createdAt),
      "uploader_id": voice.id(file.owner.id), "uploader": person(file.owner, voice),
      "public_message_id": file.message.map { voice.id($0) } ?? .null,
      "private_chat_id": file.message == nil ? voice.id(file.conversation) : .null,
    ]
  }
}
