import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

/// Who may do what to a conversation: every route of it, every relation to it.
@Suite("Access")
struct AccessTests {
  enum Relation: Int, CaseIterable { case owner, admin, member, exMember, stranger, nobody }

  /// What each route answers to each relation, in the order of ``Relation``.
  static let groupTable: [String: [Int]] = [
    "showConversation": [200, 200, 200, 404, 404, 401], "updateConversation": [200, 200, 403, 404, 404, 401],
    "deleteConversation": [204, 403, 403, 404, 404, 401], "listMembers": [200, 200, 200, 404, 404, 401],
    "putMember": [200, 200, 403, 404, 404, 401], "removeMember": [204, 204, 403, 404, 404, 401],
    "sendMessage": [201, 201, 201, 404, 404, 401], "listMessages": [200, 200, 200, 404, 404, 401],
    "listEntries": [200, 200, 200, 404, 404, 401],
    "markRead": [200, 200, 200, 404, 404, 401],
  ]

  static let publicTable: [String: [Int]] = [
    "showConversation": [200, 200, 200, 200, 200, 401], "updateConversation": [200, 200, 403, 403, 403, 401],
    "deleteConversation": [204, 403, 403, 403, 403, 401], "listMembers": [200, 200, 200, 200, 200, 401],
    "putMember": [200, 200, 403, 403, 403, 401], "removeMember": [204, 204, 403, 403, 403, 401],
    "sendMessage": [201, 201, 201, 403, 403, 401], "listMessages": [200, 200, 200, 200, 200, 401],
    "listEntries": [200, 200, 200, 200, 200, 401],
    "markRead": [200, 200, 200, 403, 403, 401],
  ]

  @Test(arguments: [(ConversationKind.group, groupTable), (.public, publicTable)])
  func `every route of a conversation answers each relation as the table says`(
    kind: ConversationKind, table: [String: [Int]]
  ) async throws {
    let rows = try await Door.open().rows.filter { $0.path.contains("{conversation}") }
    #expect(Set(rows.map(\.name)) == Set(table.keys), "a new route needs its line in the table")
    for row in rows {
      for relation in Relation.allCases {
        let scene = try await Scene.set(kind)
        let reply = await scene.send(row, as: relation)
        #expect(reply.status == table[row.name]?[relation.rawValue], "\(kind) \(row.name) \(relation)")
      }
    }
  }

  @Test func `a direct conversation has no roles, and is seen by the two only`() async throws {
    let door = try await Door.open()
    let id = try await door.stage.cast.direct().id.rawValue
    for sample in try await Sample.all(in: door) where sample.row.path.contains("{conversation}") {
      let target = sample.with(path: "conversation", String(id)).target
      let body = sample.row.name == "sendMessage" ? ["text": "hi"] : sample.body
      let mine = await door.send(sample.row.method, target, body.map { .object($0) }, as: door.stage.bob)
      let changes = ["updateConversation", "deleteConversation", "putMember", "removeMember"].contains(sample.row.name)
      #expect(changes ? mine.summary == "403 wrong_kind" : mine.status < 300, "\(sample.row.name): \(mine.summary)")
      let hers = await door.send(sample.row.method, target, body.map { .object($0) }, as: door.stage.eve)
      #expect(hers.summary == "404 conversation_not_found", "\(sample.row.name)")
    }
  }

  @Test func `what needs a token is refused without one, and with one whose session has ended`() async throws {
    let door = try await Door.open()
    let samples = try await Sample.all(in: door)
    _ = try await door.stage.world.end(door.stage.bob.session, of: door.stage.bob.user)
    for sample in samples where sample.row.access == .signedIn {
      let body = sample.body.map { JSONValue.object($0) }
      let without = await door.send(sample.row.method, sample.target, body)
      #expect(without.summary == "401 invalid_token", "\(sample.row.name)")
      #expect(without.headers["www-authenticate"] == "Bearer realm=\"martlet\"")
      let ended = await door.send(sample.row.method, sample.target, body, as: door.stage.bob)
      #expect(ended.summary == "401 session_ended", "\(sample.row.name)")
    }
    let open = door.rows.filter { $0.access == .open }.map(\.name)
    let documents = ["showInfo", "showKeys", "showOpenAPI", "showAsyncAPI"]
    #expect(Set(open) == Set(["registerUser", "signIn", "refreshSession"] + documents))
  }

  @Test(
    arguments: [
      ["Authorization": "Bearer nonsense"], ["Authorization": "Bearer"], ["Authorization": "Bearer "],
      ["Authorization": ""], ["Authorization": "Basic YTpi"], ["Authorization": "Bearer  TOKEN"],
      ["Authorization": "BearerTOKEN"], ["Authorization": "TOKEN"], ["Authorization": "Bearer\tTOKEN"],
      ["Authorization": "Bearer TOKEN x"], ["Authorization": "Bearer TOKEN", "authorization": "Bearer TOKEN"],
      ["Authorization": "Bearer access.1.1"], ["Authorization": "Bearer access.-1.99999999999999999999"],
      ["Authorization": "Bearer " + String(repeating: "x", count: 9_000)], ["Authorization": "Bearer \u{1F600}"],
    ] as [HeaderFields])
  func `a token that is none is told so, as RFC 6750 asks`(headers: HeaderFields) async throws {
    let door = try await Door.open()
    var given = HeaderFields()
    for (name, value) in headers {
      given.append(name, value.replacing("TOKEN", with: door.token(door.stage.ada)))
    }
    let reply = await door.send(.get, "/v1/users/me", headers: given)
    #expect(reply.status == 401)
    #expect(reply.headers["www-authenticate"]?.hasPrefix("Bearer realm=\"martlet\", error=\"invalid_token\", ") == true)
    #expect(!String(decoding: reply.body, as: UTF8.self).contains(door.token(door.stage.ada)))
  }

  @Test(arguments: ["Bearer", "bearer", "BEARER"])
  func `the scheme is taken in any case`(scheme: String) async throws {
    let door = try await Door.open()
    let headers: HeaderFields = ["Authorization": scheme + " " + door.token(door.stage.ada)]
    #expect(await door.send(.get, "/v1/users/me", headers: headers).status == 200)
  }
}

/// A conversation with somebody in each relation to it.
private struct Scene {
  let door: Door
  let conversation: ConversationID
  let callers: [Caller?]
  let plain: UserID
  let outsider: UserID

  static func set(_ kind: ConversationKind) async throws -> Scene {
    let door = try await Door.open()
    let (stage, cast) = (door.stage, door.stage.cast)
    let (member, exMember) = (try await cast.extra("mia"), try await cast.extra("xeno"))
    let (plain, outsider) = (try await cast.extra("gil"), try await cast.extra("fay"))
    let room = kind == .group ? try await cast.group(with: []) : try await cast.square()
    for user in [cast.bob, member, exMember, plain] {
      let caller = kind == .group ? stage.ada : try await sign(user, in: stage)
      _ = try await PutMember(conversation: room.id, user: user.id).run(in: stage.chat, as: caller)
    }
    _ = try await PutMember(conversation: room.id, user: cast.bob.id, role: .admin).run(in: stage.chat, as: stage.ada)
    try await RemoveMember(conversation: room.id, user: exMember.id).run(in: stage.chat, as: stage.ada)
    let callers: [Caller?] = [
      stage.ada, stage.bob, try await sign(member, in: stage), try await sign(exMember, in: stage), stage.eve, nil,
    ]
    return Scene(door: door, conversation: room.id, callers: callers, plain: plain.id, outsider: outsider.id)
  }

  private static func sign(_ user: User, in stage: Stage) async throws -> Caller {
    let session = try await stage.world.open(user: user.id, device: nil, nonce: stage.credentials.nonce(), most: 9)
    return Caller(user: user.id, session: session.id)
  }

  func send(_ row: Endpoint, as relation: AccessTests.Relation) async -> Reply {
    let subject = row.name == "putMember" ? outsider : plain
    let target = row.path.replacing("{conversation}", with: String(conversation.rawValue))
      .replacing("{user}", with: String(subject.rawValue))
    let bodies: [String: JSONValue] = [
      "sendMessage": ["text": "hi"], "updateConversation": ["title": "Hall"], "markRead": ["seq": 1],
    ]
    return await door.send(row.method, target, bodies[row.name], as: callers[relation.rawValue])
  }
}
