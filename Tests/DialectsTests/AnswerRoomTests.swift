import ChatCore
import HTTP1
import JSONText
import Synchronization
import TestKit
import Testing

@testable import Dialects

/// The room that a list takes which is answered whole, and who waits for it.
@Suite struct AnswerRoomTests {
  /// Counts what is held of so many bytes.
  private final class Room: Sendable {
    struct Count {
      var bytes: Int
      var now = 0
      var most = 0
      var grown = 0
      var holders = 0
      var holdersMost = 0
      var whose: Set<UserID?> = []
    }
    let count: Mutex<Count>

    init(_ bytes: Int = .max) { count = Mutex(Count(bytes: bytes)) }

    func hold(_ user: UserID?) -> BodyHold {
      count.withLock { _ = $0.whose.insert(user) }
      return BodyHold { [self] (old, new) throws(HTTP1.Refusal) in
        try count.withLock { (count) throws(HTTP1.Refusal) in
          guard new <= old || count.now - old + new <= count.bytes else {
            throw Refusal(503, "full", "There is no room.", retryAfterSeconds: 2)
          }
          count.now += new - old
          count.most = max(count.most, count.now)
          if old > 0, new > old { count.grown += 1 }
          count.holders += (new > 0 ? 1 : 0) - (old > 0 ? 1 : 0)
          count.holdersMost = max(count.holdersMost, count.holders)
        }
      }
    }

    subscript<Value: Sendable>(path: KeyPath<Count, Value>) -> Value { copy[keyPath: path] }
    private var copy: Count { count.withLock { $0 } }
  }

  private static func stage(_ room: Room, of bytes: Int = .max) async throws -> (MemoryStage, token: String) {
    try await AnswerCostTests.stage(burst: 1_000, room: bytes) { user, _ in room.hold(user) }
  }

  /// What became of one that gathered, and when.
  private final class Ends: Sendable {
    let all = Mutex<[(at: Milliseconds, refusal: Dialects.Refusal?)]>([])
    var refusals: [Dialects.Refusal] { all.withLock { $0.compactMap(\.refusal) } }
    var count: Int { all.withLock { $0.count } }
  }

  /// Gathers ten pages of so many bytes, which takes half a second, and keeps the answer for a third of one.
  private static func gather(_ page: Int, on stage: MemoryStage, _ ends: Ends, at address: String = "192.0.2.1") {
    stage.time.spawn {
      let cost = AnswerCost()
      let ask = Ask(stage.mount, "list", Parameters(), peer: address, known: nil, cost: cost)
      var refusal: Dialects.Refusal?
      do {
        for left in (0..<10).reversed() {
          _ = try await ask.gathered({ 0 }, weigh: { _ in (page, left * page) })
          await stage.time.sleep(50)
        }
      } catch { refusal = error as? Dialects.Refusal }
      let room = cost.room(for: page * 10)
      ends.all.withLock { $0.append((stage.time.now, refusal)) }
      await stage.time.sleep(300)
      withExtendedLifetime((ask, room)) {}
    }
  }

  @Test func `thirty who come at once where three have room are all answered, three at a time`() {
    let (room, ends) = (Room(3_000_000), Ends())
    let stage = MemoryStage(.realtime, room: 3_000_000) { user, _ in room.hold(user) }
    for _ in 0..<30 { Self.gather(100_000, on: stage, ends) }
    stage.time.run(for: AnswerRoom.patience + 2_000)
    #expect(ends.count == 30 && ends.refusals.isEmpty)
    #expect(room[\.holdersMost] == 3)
    #expect(room[\.grown] == 0, "who is half done waits for nobody")
    #expect(room[\.now] == 0 && stage.mount.waiting.count == 0)
  }

  @Test func `who finds no room for fifteen seconds is refused, and at once who asks for more than there is`() throws {
    let (room, ends) = (Room(0), Ends())
    let stage = MemoryStage(.realtime, room: 1_000_000) { user, _ in room.hold(user) }
    Self.gather(100_000, on: stage, ends)
    stage.time.run(for: AnswerRoom.patience - 1)
    #expect(ends.count == 0 && stage.mount.waiting.count == 1)
    stage.time.run(for: AnswerRoom.retryEvery * 2)
    let refusal = try #require(ends.refusals.first)
    #expect(refusal.status == 503 && refusal.retryAfter == 2_000)
    #expect(stage.mount.waiting.count == 0)
    Self.gather(1_000_001, on: stage, ends)
    stage.time.run(for: 0)
    #expect(ends.refusals.count == 2)
  }

  @Test func `of those who wait there are no more than may: the next is refused at once`() {
    let (room, ends) = (Room(0), Ends())
    let stage = MemoryStage(.realtime) { user, _ in room.hold(user) }
    for number in 0...AnswerRoom.waitingMax { Self.gather(100_000, on: stage, ends, at: "192.0.2.\(number % 8)") }
    stage.time.run(for: 0)
    #expect(ends.refusals.count == 1 && stage.mount.waiting.count == AnswerRoom.waitingMax)
  }

  @Test func `one has a quarter of the places to wait in, and has them again when he has been refused`() {
    let (room, ends) = (Room(0), Ends())
    let stage = MemoryStage(.realtime) { user, _ in room.hold(user) }
    for round in 1...2 {
      for _ in 0...AnswerRoom.waitingOfOneMax { Self.gather(100_000, on: stage, ends) }
      stage.time.run(for: 0)
      #expect(stage.mount.waiting.count == AnswerRoom.waitingOfOneMax)
      Self.gather(100_000, on: stage, ends, at: "192.0.2.2")
      stage.time.run(for: 0)
      #expect(stage.mount.waiting.count == AnswerRoom.waitingOfOneMax + 1, "others wait beside him")
      stage.time.run(for: AnswerRoom.patience + AnswerRoom.retryEvery * 2)
      #expect(stage.mount.waiting.count == 0)
      #expect(ends.refusals.count == round * (AnswerRoom.waitingOfOneMax + 2))
    }
  }

  @Test func `who waits keeps nothing of what he has read, and reads it again`() {
    final class Part: Sendable {}
    final class Reads: @unchecked Sendable {
      weak var last: Part?
      var count = 0
      var isDone = false
    }
    let (room, reads) = (Room(0), Reads())
    let stage = MemoryStage(.realtime) { user, _ in room.hold(user) }
    stage.time.spawn {
      let ask = Ask(stage.mount, "list", Parameters(), peer: "192.0.2.1", known: nil)
      let read = try? await ask.gathered {
        let part = Part()
        (reads.last, reads.count) = (part, reads.count + 1)
        return part
      } weigh: { _ in
        (100_000, 0)
      }
      reads.isDone = read != nil
    }
    stage.time.run(for: 1_000)
    #expect(reads.count == 1 && reads.last == nil && stage.mount.waiting.count == 1)
    room.count.withLock { $0.bytes = 100_000 }
    stage.time.run(for: 1_000)
    #expect(reads.count == 2 && reads.isDone && room[\.grown] == 0)
  }

  @Test func `what is estimated asks for half of the room at most, and grows if it must`() async throws {
    let room = Room(1_000_000)
    let stage = MemoryStage(.realtime, room: 1_000_000) { user, _ in room.hold(user) }
    let ask = Ask(stage.mount, "list", Parameters(), peer: "192.0.2.1", known: nil)
    _ = try await ask.gathered({ 0 }, weigh: { _ in (100_000, 90_000_000) })
    #expect(room[\.now] == 500_000)
    _ = try await ask.gathered({ 0 }, weigh: { _ in (500_000, 0) })
    #expect(room[\.now] == 600_000)
  }

  @Test func `a little more than was taken does not throw an answer away that is done`() async throws {
    let room = Room(3_000_000)
    let stage = MemoryStage(.realtime) { user, _ in room.hold(user) }
    let cost = AnswerCost()
    let ask = Ask(stage.mount, "list", Parameters(), peer: "192.0.2.1", known: nil, cost: cost)
    _ = try await ask.gathered({ 0 }, weigh: { _ in (2_000_000, 0) })
    let hold = try #require(cost.room(for: 3_500_000))
    #expect(room[\.now] == 2_000_000, "it keeps what it has")
    #expect(throws: HTTP1.Refusal.self) { try hold.resize(to: 4_000_001) }
    #expect(room[\.now] == 2_000_000)
  }

  @Test func `a long history takes room for its reader, the most it can become and then what it is`() async throws {
    let room = Room()
    let (stage, token) = try await Self.stage(room)
    try await AnswerCostTests.say(String(repeating: "x", count: 10_000), times: 5, on: stage, token)
    #expect(try await AnswerCostTests.history(stage, token).status == 200)
    #expect(room[\.most] == 0, "what is short needs no room")
    try await AnswerCostTests.say(String(repeating: "x", count: 10_000), times: 5, on: stage, token)
    let done = Mutex(0)
    stage.begin("/api/messages", ["Authorization": "Bearer \(token)"]) { response in
      done.withLock { $0 = response.body.count }
      await stage.time.sleep(1_000)
      withExtendedLifetime(response) {}
    }
    stage.time.run(for: 500)
    #expect(done.withLock { $0 } > 100_000)
    #expect(room[\.now] == done.withLock { $0 })
    #expect(room[\.grown] == 0 && room[\.most] > Ask.historyBytesMax && room[\.most] < 2 * Ask.historyBytesMax)
    stage.time.run(for: 600)
    #expect(room[\.now] == 0, "the answer is gone, and its room given back")
    #expect(room[\.whose].count == 1 && !room[\.whose].contains(nil))
  }

  @Test func `a file counts with its address`() async throws {
    let room = Room()
    let (stage, token) = try await Self.stage(room)
    let fields: HeaderFields = ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
    try await AnswerCostTests.say("see", times: 4, on: stage, token)
    let answer = try await stage.request("GET", "/api/messages", fields, [])
    let messages = try #require(try JSONValue(parsing: answer.body)["messages"]?.array)
    for message in messages {
      for number in 0..<9 {
        let url = "https://files.example/" + String(repeating: "x", count: 1_900)
        let file: JSONValue = [
          "filename": .string("\(number).pdf"), "file_url": .string(url), "file_size": 1,
          "public_message_id": message["id"] ?? .null,
        ]
        #expect(try await stage.request("POST", "/api/files", fields, file.bytes).status == 201)
      }
    }
    for path in ["/api/files", "/api/messages"] {
      room.count.withLock { $0.most = 0 }
      #expect(try await stage.request("GET", path, fields, []).body.count > 65_536)
      #expect(room[\.most] > 65_536, "\(path)")
    }
  }

  /// Ada's fields, who has so many groups with Bob and Eve.
  private static func groups(_ count: Int, picture bytes: Int, on stage: MemoryStage) async throws -> HeaderFields {
    var members: [JSONValue] = []
    var token = ""
    for name in ["bob", "eve", "ada"] {
      let account = "?username=\(name)&password=abcd"
      #expect(try await stage.request("POST", "/register" + account, [:], []).status == 201)
      let login = try JSONValue(parsing: try await stage.request("GET", "/login" + account, [:], []).body)
      token = try #require(login["access_token"]?.string)
      members.append(try #require(login["user_id"]))
    }
    let fields: HeaderFields = ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
    for number in 0..<count {
      let picture = "https://files.example/" + String(repeating: "x", count: bytes)
      let group: JSONValue = [
        "group_name": .string("group \(number)"), "group_pic": .string(picture),
        "group_members": .array(Array(members.prefix(2))),
      ]
      #expect(try await stage.request("POST", "/createGroup", fields, group.bytes).status == 201)
    }
    return fields
  }

  @Test func `a conversation counts with its members and its picture`() async throws {
    let room = Room()
    let stage = MemoryStage(.umoc) { user, _ in room.hold(user) }
    let fields = try await Self.groups(70, picture: 900, on: stage)
    #expect(try await stage.request("GET", "/getChats", fields, []).body.count > 65_536)
    #expect(room[\.most] > 65_536)
  }

  @Test func `there is room for all members that a list will show before the first of them are read`() async throws {
    let room = Room()
    var limits = Limits()
    limits.membersListedMax = 1
    let stage = MemoryStage(.umoc, limits: limits) { user, _ in room.hold(user) }
    let fields = try await Self.groups(90, picture: 200, on: stage)
    #expect(try await stage.request("GET", "/getChats", fields, []).status == 200)
    // Once more when it is written, which refuses nobody.
    #expect(room[\.most] > 65_536 && room[\.grown] <= 1)
  }
}
