import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Dialects

/// The same from somebody who is signed in: what members say reaches the rows themselves.
@Suite struct SignedInGarbageTests {
  private static let names = [
    "username", "password", "content", "message", "text", "recipient_id", "recipientID", "recipient", "other_user_id",
    "user_id", "contact_id", "contactID", "contact", "group_id", "chat_id", "group_members", "new_member_id",
    "message_id",
    "page", "status", "new_value", "type", "until", "file_size", "file_url", "filename", "public_message_id", "date",
    "private_chat_id", "reaction_emoji", "pin", "name", "email", "fname", "lname", "avatar_url", "user", "users",
    "char",
  ]
  private static let texts = [
    "", " ", "bob", "me", "true", "-1", "0", "007", "1.5", "9223372036854775807", "9223372036854775808", "blocked",
    "1970-01-01", "null", "[1,2]", "[[]]", "{\"a\":1}", "/x", "http://h/a.b", "\u{301}", "👍🏽", "a\u{0}b", "%00", "..",
  ]

  private static func value(_ dice: inout SeededDice, _ known: [JSONValue]) -> JSONValue {
    switch dice.pick(0...9) {
    case 0...3: dice.pick(of: known) ?? .null
    case 4...6: .string(dice.pick(of: texts) ?? "")
    case 7: .integer(dice.pick(of: [.min, -1, 0, 1, 4_294_967_296, .max]) ?? 0)
    case 8: dice.pick(of: [.null, .bool(true), .number(-0.5), .number(1e300), [], [:]]) ?? .null
    default: .array([dice.pick(of: known) ?? .null, .string(dice.pick(of: texts) ?? ""), [], .null])
    }
  }

  private static func object(_ dice: inout SeededDice, _ known: [JSONValue]) -> JSONObject {
    names.reduce(into: JSONObject()) { object, name in
      if dice.once(in: 3) { object[name] = value(&dice, known) }
    }
  }

  @Test(arguments: DialectCatalog.all.map(\.name))
  func `garbage of who is signed in is answered or refused`(_ name: String) async throws {
    let dialect = try #require(DialectCatalog.named(name))
    let stage = MemoryStage(dialect)
    let world = stage.world
    func person(_ name: String) throws -> (user: User, token: String) {
      let new = NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "")
      let made = stage.time.finish { () -> (User, String)? in
        guard let user = try? await world.register(new),
          let opened = try? await world.open(user: user.id, device: nil, nonce: [], most: 100)
        else { return nil }
        return (user, "access.\(user.id.rawValue).\(opened.id.rawValue)")
      }
      return try #require(made ?? nil)
    }
    let (bob, _) = try person("bob")
    var (ada, token) = try person("ada")
    let voice = stage.mount.voice
    let known = [voice.id(bob.id), voice.id(ada.id), voice.id(Lobby.id), .string("bob"), .string("hi")]
    var socket: MemorySocket?
    var hasSpoken = false
    for seed in 0..<400 as Range<UInt64> {
      var dice = SeededDice(seed: seed)
      // Some rows end an account or its sign-in.
      if seed % 50 == 49 { (ada, token) = try person("ada\(seed)") }
      let head: HeaderFields = [
        "Authorization": "Bearer \(token)", "Cookie": "session=\(token)", "Content-Type": "application/json",
      ]
      if let route = dice.pick(of: dialect.routes) {
        let path = route.path.split(separator: "/", omittingEmptySubsequences: false).map { part in
          guard part.hasPrefix("<") else { return String(part) }
          let value = Self.value(&dice, known)
          return PercentCoding.encode(value.string ?? value.text)
        }
        let body = JSONValue.object(Self.object(&dice, known)).bytes
        let target = path.joined(separator: "/") + "?sessionID=\(token)"
        let status = try await stage.request(route.method.rawValue, target, head, body).status
        #expect((200..<500).contains(status) || route.path == "/changeContact", "seed \(seed): \(target)")
      }
      if socket == nil || socket?.isClosed == true {
        let query = "?token=\(token)&sessionID=\(token)"
        socket = try await stage.connect(query, head, auth: ["token": .string(token)]) as? MemorySocket
      }
      guard let session = socket?.session, let action = dice.pick(of: dialect.actions) else { continue }
      hasSpoken = hasSpoken || session.caller != nil
      var said = Self.object(&dice, known)
      said["sessionID"] = .string(token)
      said["type"] = .string(action.name)
      if dialect.carrier == .typedJSON {
        session.received(text: JSONValue.object(said).bytes)
      } else {
        let argument = dice.once(in: 4) ? Self.value(&dice, known) : .object(said)
        session.received(event: action.name, arguments: [argument.bytes], ackID: dice.once(in: 2) ? .max : nil)
      }
      stage.time.run(for: 100)
    }
    #expect(hasSpoken || dialect.actions.isEmpty || dialect.carrier == .typedJSON)
  }

  @Test func `a wait longer than all time is told`() async throws {
    struct Shut: DialectGate {
      func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? { .max }

      func signIn(
        _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
      ) async throws(ChatError) -> SignedIn { throw .rateLimited(retryAfter: .max) }
    }
    let account = Array(#"{"username":"ada","password":"password","email":"a@b.example"}"#.utf8)
    let headers: HeaderFields = ["Content-Type": "application/json"]
    let answer = try await MemoryStage(.realtime, gate: Shut()).request("POST", "/api/auth/login", headers, account)
    #expect(answer.status == 429 && answer.headers["Retry-After"] == "9223372036854776")
  }

  /// More would leave no password that could be given: the reading of one ended the process.
  @Test func `the longest minimum that may be set is one that a password can have`() async throws {
    let most = try #require((1...2_000).last { Option.passwordMinimum.allows(String($0)) })
    let stage = MemoryStage(.realtime, chosen: ["password_min": String(most)])
    for (length, status) in [(most - 1, 400), (most, 201)] {
      let password = String(repeating: "p", count: length)
      let account = Array(#"{"username":"ada","password":"\#(password)","email":"a@b.example"}"#.utf8)
      let made = try await stage.request("POST", "/api/auth/register", ["Content-Type": "application/json"], account)
      #expect(made.status == status)
    }
  }
}
