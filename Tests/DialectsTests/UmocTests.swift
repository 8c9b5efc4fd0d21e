import ChatCore
import Delivery
import JSONText
import TestKit
import Testing
import Tokens

@testable import Dialects

@Suite struct UmocTests {
  @Test func `the later client reads its statuses and types in lower case`() async throws {
    let story = """
      ada > POST /register?username=${ada}&password=abcd
      bob > POST /register?username=${bob}&password=abcd
      ada > GET /login?username=${ada}&password=abcd
      ada < 200 {"access_token":"$token","...":0}
      bob > GET /login?username=${bob}&password=abcd
      bob < 200 {"user_id":"$bob.id","...":0}
      ada > POST /saveMessage as ${token} {"recipient_id":"$bob.id","content":"hi"}
      ada > POST /changeContact as ${token} {"contact_id":"$bob.id","status":"LASTWORDS"}
      ada < 200
      ada > GET /getChats as ${token}
      ada < 200 {"chats":[{"status":"last_words","...":0}]}
      ada > GET /getChatMessages?chat_id=${bob.id} as ${token}
      ada < 200 {"messages":[{"type":"text","...":0}]}
      """
    try await TranscriptPlayer.play(try Transcript(story), on: MemoryStage(.umoc, chosen: ["case": "lowercase"]))
  }

  @Test func `whoever mounts it may ask for longer passwords`() async throws {
    let story = """
      ada > POST /register?username=${ada}&password=seven77
      ada < 400 {"error":"Password must be between 8 and 100 characters long"}
      ada > POST /register?username=${ada}&password=eight888
      ada < 201
      """
    try await TranscriptPlayer.play(try Transcript(story), on: MemoryStage(.umoc, chosen: ["password_min": "8"]))
  }

  @Test func `a time-out ends after its minute, and the word before shows again`() async throws {
    let stage = MemoryStage(.umoc)
    let people = """
      ada > POST /register?username=ada&password=abcd
      bob > POST /register?username=bob&password=abcd
      ada > GET /login?username=ada&password=abcd
      ada < 200 {"access_token":"$ada.token","user_id":"$ada.id","...":0}
      bob > GET /login?username=bob&password=abcd
      bob < 200 {"access_token":"$bob.token","user_id":"$bob.id","...":0}

      """
    let begin = """
      ada > POST /saveMessage as ${ada.token} {"recipient_id":"$bob.id","content":"hi"}
      ada > POST /changeContact as ${ada.token} {"contact_id":"$bob.id","status":"TIMEOUT"}
      bob > POST /saveMessage as ${bob.token} {"recipient_id":"$ada.id","content":"ho"}
      bob < 403 {"until":"$any","...":0}
      """
    try await TranscriptPlayer.play(try Transcript(people + begin), on: stage)
    stage.time.run(for: 60_000)
    let end = """
      bob > POST /saveMessage as ${bob.token} {"recipient_id":"$ada.id","content":"ho"}
      bob < 200
      ada > GET /getChats as ${ada.token}
      ada < 200 {"chats":[{"status":"NEW","...":0}]}
      """
    let again = people.split(separator: "\n").filter { !$0.contains("/register") }.joined(separator: "\n") + "\n"
    try await TranscriptPlayer.play(try Transcript(again + end), on: stage)
  }

  @Test func `a change of a message by another door makes clients read again, without its content`() throws {
    let voice = Voice(.umoc, cipher: IDCipher(secret: [1, 2, 3]))
    let (room, ada) = (ConversationID(rawValue: 4_096), Author(id: UserID(rawValue: 16_777_216), username: "ada"))
    let at = Timestamp(milliseconds: 1_703_500_200_123)
    let conversation = Conversation(
      id: room, kind: .group, title: "Room", head: 2, createdAt: at, members: [], memberCount: 2)
    let facts = RoomFacts(conversation)
    func told(_ message: Message, _ event: Event) -> [Announcement] {
      let id = EntryID(rawValue: 3 << 12)
      let entry = Entry(conversation: room, seq: 3, id: id, createdAt: at, author: ada, event: event)
      return Dialect.umoc.announce(.entry(entry, facts), voice)
    }
    for (deleted, type) in [(nil, "text"), (at, "deleted_text")] {
      let message = Message(
        id: EntryID(rawValue: 2 << 12), conversation: room, seq: 2, sender: ada, type: .text, text: "secret",
        clientMessageID: nil, replyTo: nil, createdAt: at, editedAt: at, deletedAt: deleted)
      let announced = told(message, deleted == nil ? .messageEdited(message) : .messageDeleted(message))
      let shape = try #require(announced.first?.words?.arguments.first?.object)
      #expect(announced.count == 1)
      #expect(announced.first?.audience == .others(than: ada.id))
      #expect(announced.first?.words?.name == "new_message")
      #expect(shape["type"] == .string(type))
      #expect(shape["timestamp"] == "2023-12-25T10:30:00.123000+00:00")
      #expect(shape["content"] == nil)
    }
  }
}
