import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

/// One good request for a row, with every parameter and member given; the bad ones are made from it.
struct Sample {
  let row: Endpoint
  var path: [String: String]
  var query: [(name: String, value: String)]
  var body: JSONObject?
  let caller: Caller?
  /// Instead of the body, in a row that takes one.
  fileprivate static let file = Array("a file".utf8)

  /// At least one for every row of the catalog; a body that a member decides has one for each of its words.
  static func all(in door: Door) async throws -> [Sample] {
    let stage = door.stage
    let conversation = try await stage.cast.group().id
    let message = try await stage.cast.say("hi", by: stage.cast.ada, in: conversation).message.id.rawValue
    _ = try await stage.world.change(.request, by: stage.cast.bob, to: stage.cast.ada, limit: 9)
    let tokens = await door.send(
      .post, "/v1/sessions", ["username": name(stage), "password": .string(Stage.password)])
    let bob = JSONValue.integer(stage.bob.user.rawValue)
    let file = await door.send(
      raw: Self.file, .post, "/v1/files", headers: ["Authorization": "Bearer " + door.token(stage.ada)])
    let bodies: [String: [JSONObject]] = [
      "registerUser": [
        ["username": "dora", "password": "long enough", "display_name": "Dora", "email": "dora@example.org"]
      ],
      "signIn": [["username": name(stage), "password": .string(Stage.password), "device": "phone"]],
      "refreshSession": [["refresh_token": tokens["refresh_token"] ?? .null]],
      "updateMe": [
        [
          "display_name": "Countess", "email": "ada@example.org", "avatar_url": "/ada.png",
          "attributes": ["fname": "Ada"],
        ]
      ],
      "deleteMe": [["password": .string(Stage.password)]],
      "changePassword": [["password": .string(Stage.password), "new_password": "longer than before"]],
      "openConversation": [
        ["kind": "direct", "user": bob],
        ["kind": "group", "title": "Tea", "members": [bob], "picture_url": "https://example.org/tea.png"],
        ["kind": "public", "title": "Square"],
      ],
      "editMessage": [["text": "ho"]], "markRead": [["seq": 1]],
      "updateConversation": [["title": "Hall", "picture_url": "https://example.org/hall.png"]],
      "putMember": [["role": "admin"]],
      "sendMessage": [
        [
          "text": "yes", "client_message_id": "c1", "type": "text", "reply_to": .integer(message),
          "attachments": [.integer(file.id())],
        ]
      ],
    ]
    let path = [
      "conversation": String(conversation.rawValue), "user": String(stage.bob.user.rawValue),
      "session": String(stage.ada.session.rawValue), "file": String(file.id()),
      "message": String(message), "emoji": PercentCoding.encode("👍"),
    ]
    return door.rows.flatMap { row in
      (bodies[row.name].map { $0.map(Optional.some) } ?? [nil]).map { body in
        Sample(
          row: row, path: path, query: queries[row.name] ?? [], body: body,
          caller: row.access == .open ? nil : stage.ada)
      }
    }
  }

  private static func name(_ stage: Stage) -> JSONValue { .string(stage.cast.ada.username) }

  private static let queries: [String: [(name: String, value: String)]] = [
    "searchUsers": [("query", "ada"), ("limit", "5"), ("cursor", "61")],
    "listConversations": [("limit", "5"), ("cursor", "31")], "listMembers": [("limit", "5"), ("cursor", "31")],
    "listContacts": [("state", "new"), ("limit", "5"), ("cursor", "31")],
    "listBlocks": [("limit", "5"), ("cursor", "31")],
    "uploadFile": [("name", "a.txt")], "listFiles": [("limit", "5"), ("cursor", "31")],
    "showPresence": [("users", "16777217,16777218")],
    "listMessages": [("limit", "5"), ("before", "9")], "listEntries": [("limit", "5"), ("after", "1")],
  ]

  /// The path and query as they go over the wire.
  var target: String {
    let path = row.path.split(separator: "/").map { part in
      part.hasPrefix("{") ? self.path[String(part.dropFirst().dropLast())] ?? "?" : String(part)
    }
    let query = query.map { "\($0.name)=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
    return "/" + path.joined(separator: "/") + (query.isEmpty ? "" : "?" + query)
  }

  /// Which member of the body decides about the others is its own row's matter: members of other words are unknown
  /// here.
  var fields: [Field] { (row.body?.fields ?? []).filter { body?[$0.name] != nil } }

  /// The names of the path's parameters that are ids.
  var parameters: [String] {
    row.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
      .filter { $0 != "emoji" }
  }

  func with(body member: String, _ value: JSONValue?) -> Sample {
    var sample = self
    sample.body?[member] = value
    return sample
  }

  func with(query name: String, _ value: String) -> Sample {
    var sample = self
    sample.query = query.filter { $0.name != name } + [(name, value)]
    return sample
  }

  func with(path name: String, _ value: String) -> Sample {
    var sample = self
    sample.path[name] = value
    return sample
  }
}

extension Door {
  func send(_ sample: Sample, sourceLocation: SourceLocation = #_sourceLocation) async -> Reply {
    if sample.row.takesFile, let caller = sample.caller {
      return await send(
        raw: Sample.file, sample.row.method, sample.target, headers: ["Authorization": "Bearer " + token(caller)],
        sourceLocation: sourceLocation)
    }
    return await send(
      sample.row.method, sample.target, sample.body.map { .object($0) }, as: sample.caller,
      sourceLocation: sourceLocation)
  }

  /// Sends what must be refused because of one member or parameter.
  func expect(
    _ sample: Sample, is code: String, at pointer: String, _ fault: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let reply = await send(sample, sourceLocation: sourceLocation)
    let wanted = "400 \(code) \(pointer) \(fault)"
    let body = sample.body.map { String(JSONValue.object($0).text.prefix(200)) } ?? ""
    #expect(reply.summary == wanted, "\(sample.row.name) \(sample.target) \(body)", sourceLocation: sourceLocation)
  }
}

@Suite("The samples")
struct SampleTests {
  @Test func `every row of the catalog has a good request, and all of its members are in one`() async throws {
    let door = try await Door.open()
    let samples = try await Sample.all(in: door)
    #expect(door.rows.count >= 20)
    #expect(Set(samples.map(\.row.name)) == Set(door.rows.map(\.name)))
    for row in door.rows {
      let mine = samples.filter { $0.row.name == row.name }
      #expect(Set(mine.flatMap { $0.body?.names ?? [] }) == Set((row.body?.fields ?? []).map(\.name)), "\(row.name)")
    }
    for index in samples.indices {
      let fresh = try await Door.open()
      let sample = try await Sample.all(in: fresh)[index]
      let reply = await fresh.send(sample)
      #expect((200..<300).contains(reply.status), "\(sample.row.name): \(reply.summary)")
    }
  }
}
