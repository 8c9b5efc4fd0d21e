import ChatCore
import Delivery
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing
import Tokens

@testable import Dialects

/// What the stories of seed 001 cannot tell: proofs that come late or never, files, and what is not told.
@Suite struct MessengerTests {
  private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array("pixels".utf8)

  /// Ada with a cookie, on a stage of her own.
  private func ada(_ stage: MemoryStage) async throws -> (id: Int64, cookie: HeaderFields) {
    let account: JSONValue = [
      "username": "ada", "password_hash": "pw", "fname": "Ada", "lname": "Lovelace", "email": "",
    ]
    let made = try await stage.request("POST", "/users", ["Content-Type": "application/json"], account.bytes)
    #expect(made.status == 201)
    let signedIn = try await stage.request("POST", "/login", ["Content-Type": "application/json"], account.bytes)
    let cookie = try #require(signedIn.headers["set-cookie"]?.split(separator: ";").first)
    let id = try #require(try JSONValue(parsing: signedIn.body)["id"]?.integer)
    return (id, ["Cookie": String(cookie)])
  }

  private func connect(_ stage: MemoryStage, _ headers: HeaderFields = [:]) async throws -> MemorySocket {
    try #require(try await stage.connect("", headers, auth: nil) as? MemorySocket)
  }

  private func request(_ headers: HeaderFields) -> Request {
    let head = RequestHead(
      method: .get, target: "/", version: .http11, headers: headers, keepAlive: true, bodyLength: .none,
      expectsContinue: false)
    return Request(head: head, body: [], peer: "192.0.2.1")
  }

  @Test func `a login that comes before the proof waits for it, and what came earlier with it`() async throws {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let socket = try await connect(stage)
    let session = try #require(socket.session)
    session.received(event: "message", arguments: [], ackID: 1)
    session.received(event: "login", arguments: [Array(#"{"username":"ada"}"#.utf8)], ackID: 2)
    stage.time.run(for: 5_000)
    #expect(session.caller == nil && socket.acks.isEmpty)
    #expect(!socket.isSettled, "one of the newcomers of his address, however long he stays")
    session.upgraded(by: request(cookie))
    stage.time.run(for: 100)
    #expect(socket.isSettled)
    #expect(session.user?.username == "ada" && socket.acks == [1, 2])
    #expect(try await socket.next() == nil)
  }

  @Test func `a login without proof is refused after ten seconds, and the socket hears nothing`() async throws {
    let stage = MemoryStage(.messenger)
    _ = try await ada(stage)
    let socket = try await connect(stage)
    try await socket.send(["login", ["username": "ada"]])
    stage.time.run(for: 9_000)
    #expect(socket.acks.isEmpty && socket.session?.caller == nil)
    stage.time.run(for: 2_000)
    #expect(try await socket.next() == ["error", ["message": "Please login"]])
    #expect(!socket.isClosed && socket.session?.caller == nil)
  }

  @Test func `a stale cookie holds a socket unbound, and a good one at the upgrade binds it`() async throws {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let socket = try await connect(stage, ["Cookie": "session=access.1.1"])
    #expect(!socket.isRefused && socket.session?.caller == nil)
    socket.session?.upgraded(by: request(cookie))
    try await socket.send(["login", ["username": "ada"]])
    #expect(socket.session?.user?.username == "ada")
  }

  @Test func `a header of cookies that names nothing is read to its end, and what stands behind it is found`()
    async throws
  {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let own = try #require(cookie["cookie"])
    for (text, isSigned) in [
      ("=", false), ("==", false), (" = ; =;", false), ("=\(own)", false), (";;=", false), ("session", false),
      ("session=", false), ("=; \(own)", true), ("session=; \(own)", true), ("a; =x; \(own); =", true),
    ] {
      let answer = try await stage.request("GET", "/session", ["Cookie": text], [])
      #expect(answer.status == (isSigned ? 200 : 401), "\(text)")
      let socket = try await connect(stage, ["Cookie": text])
      #expect((socket.session?.caller != nil) == isSigned, "\(text)")
    }
  }

  @Test func `a cookie that was given over TLS goes over TLS only`() async throws {
    let account = Array(#"{"username":"ada","password_hash":"pw"}"#.utf8)
    for (isSecure, forwarded, isKept) in [
      (false, nil, false), (false, "http", false), (false, "https", true), (false, "HTTPS", true),
      (false, "http, https", false), (false, "https, http", true), (false, "https ,https", true),
      (false, ", https", false), (true, nil, true), (true, "http", true),
    ] {
      let stage = MemoryStage(.messenger, isSecure: isSecure)
      _ = try await ada(stage)
      let headers: HeaderFields = forwarded.map { ["X-Forwarded-Proto": $0] } ?? [:]
      for (method, path) in [("POST", "/login"), ("DELETE", "/logout")] {
        let cookie = try await stage.request(method, path, headers, account).headers["set-cookie"]
        #expect(cookie?.contains("; Secure") == isKept, "\(isSecure) \(forwarded ?? "") \(method)")
      }
    }
  }

  @Test func `a page of a foreign origin has no cookie, one of ours or of this very server has`() async throws {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let rows: [(HeaderFields, Bool)] = [
      (["Origin": "http://evil.example"], false), (["Origin": "null"], false),
      (["Origin": "http://localhost:3000"], true),
      (["Origin": "http://chat.example", "Host": "chat.example"], true), ([:], true),
      (["Origin": "http://evilchat.example", "Host": "chat.example"], false),
    ]
    for (headers, isBelieved) in rows {
      var headers = headers
      for (name, value) in cookie { headers.append(name, value) }
      #expect(try await stage.request("GET", "/session", headers, []).status == (isBelieved ? 200 : 401))
      // A form of text is sent across origins without asking.
      headers.append("Content-Type", "text/plain")
      let login = try await stage.request(
        "POST", "/login", headers, Array(#"{"username":"nobody","password_hash":"wrong"}"#.utf8))
      #expect(login.status == (isBelieved ? 401 : 403), "\(headers)")
      let socket = try await connect(stage, headers)
      #expect((socket.session?.caller != nil) == isBelieved, "\(headers)")
    }
  }

  @Test func `what a client says once for each contact may be lost, and does not close its socket`() async throws {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let socket = try await connect(stage)
    let session = try #require(socket.session)
    let status = Array(#"{"userId":"bob","sender":"ada","status":"online"}"#.utf8)
    for number in 0..<1_000 {
      session.received(event: "user_status_change", arguments: [status], ackID: Int64(number))
    }
    session.received(event: "login", arguments: [Array(#"{"username":"ada"}"#.utf8)], ackID: 1_000)
    session.upgraded(by: request(cookie))
    stage.time.run(for: 1_000)
    #expect(!socket.isClosed && session.user?.username == "ada")
    #expect(socket.acks.last == 1_000 && (32...33).contains(socket.acks.count - 1))
  }

  @Test func `a picture that is passed on has a limit`() async throws {
    let stage = MemoryStage(.messenger)
    let (id, cookie) = try await ada(stage)
    let bob: JSONValue = ["username": "bob", "password_hash": "pw", "fname": "Bob", "lname": "B", "email": ""]
    let made = try await stage.request("POST", "/users", [:], bob.bytes)
    let other = try #require(try JSONValue(parsing: made.body)["id"])
    let contact: JSONValue = ["user_first": .integer(id), "user_second": other]
    #expect(try await stage.request("POST", "/contacts", cookie, contact.bytes).status == 201)
    let socket = try await connect(stage, cookie)
    for (length, event) in [(16_000, "message"), (Relay.bytesMax, "error")] {
      let image: JSONValue = ["image": .string(String(repeating: "x", count: length)), "recipient": "bob"]
      try await socket.send(["message", .string(image.text)])
      #expect(try await socket.next()?[0]?.string == event)
    }
  }

  @Test func `the cookie goes along with other sites' pages only where that was chosen, and then by TLS`() async throws
  {
    let stage = MemoryStage(.messenger, chosen: ["same_site": "none"])
    _ = try await ada(stage)
    let body = Array(#"{"username":"ada","password_hash":"pw"}"#.utf8)
    let cookie = try await stage.request("POST", "/login", [:], body).headers["set-cookie"]
    #expect(cookie?.hasSuffix("; HttpOnly; Path=/; SameSite=None; Secure") ?? false)
  }

  // MARK: Files

  private func upload(_ stage: MemoryStage, _ cookie: HeaderFields, _ field: String, _ name: String, _ bytes: [UInt8])
    async throws -> (status: Int, body: JSONValue)
  {
    var headers = cookie
    headers.append("Content-Type", "multipart/form-data; boundary=b")
    let head =
      "--b\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"\(name)\"\r\n"
      + "Content-Type: image/png\r\n\r\n"
    let body = Array(head.utf8) + bytes + Array("\r\n--b--\r\n".utf8)
    let answer = try await stage.request("POST", "/uploadimage", headers, body)
    return (answer.status, try JSONValue(parsing: answer.body))
  }

  @Test func `a picture is kept under a random name, and read by anyone, in parts, as what its bytes are`() async throws
  {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    let kept = try await upload(stage, cookie, "file", "../my #1 pic?.png", Self.png)
    #expect(kept.status == 200)
    let name = try #require(kept.body["filename"]?.string)
    #expect(name.hasSuffix("_my__1_pic_.png") && name.utf8.count == 36 + 15)
    let read = try await stage.request("GET", "/static/\(name)", [:], [])
    #expect(read.status == 200 && read.body == Self.png && read.headers["content-type"] == "image/png")
    #expect(read.headers["x-content-type-options"] == "nosniff")
    #expect(read.headers["cross-origin-resource-policy"] == "cross-origin")
    let part = try await stage.request("GET", "/static/\(name)", ["Range": "bytes=1-3"], [])
    #expect(part.status == 206 && part.body == Array("PNG".utf8))
    // One digit of the secret otherwise, and there is no such file.
    let digit = name[name.index(name.startIndex, offsetBy: 35)]
    let forged = name.prefix(35) + (digit == "0" ? "1" : "0") + name.dropFirst(36)
    #expect(try await stage.request("GET", "/static/\(forged)", [:], []).status == 404)
  }

  @Test func `what is no picture and no sound is not kept, whatever it is called`() async throws {
    let stage = MemoryStage(.messenger)
    let (_, cookie) = try await ada(stage)
    for bytes in ["<html><script>alert(1)</script>", "%PDF-1.7", "PK\u{3}\u{4}", "<svg/>", ""] {
      let answer = try await upload(stage, cookie, "file", "x.png", Array(bytes.utf8))
      #expect(answer.status == 400 && answer.body == ["error": "Invalid file format"], "\(bytes)")
    }
    let other = try await upload(stage, cookie, "picture", "x.png", Self.png)
    #expect(other.status == 400 && other.body == ["error": "No file part"])
    #expect(try await upload(stage, [:], "file", "x.png", Self.png).status == 401)
  }

  // MARK: Groups

  @Test func `nothing of a group is told, since its clients would take it for one's own words to them`() {
    let author = Author(id: UserID(rawValue: 16_777_217), username: "ada")
    let message = Message(
      id: EntryID(rawValue: 4_097), conversation: ConversationID(rawValue: 4_098), seq: 2, sender: author, type: .text,
      text: "all", clientMessageID: nil, replyTo: nil, createdAt: Timestamp(milliseconds: 0))
    let members = [16_777_217, 16_777_218].map {
      Member(user: UserID(rawValue: $0), username: "u\($0)", role: .member)
    }
    for kind in [ConversationKind.group, .public, .direct] {
      let facts = RoomFacts(
        Conversation(
          id: message.conversation, kind: kind, title: nil, head: 2, createdAt: Timestamp(milliseconds: 0),
          members: members, memberCount: 2))
      let voice = Voice(.messenger, cipher: .init(secret: [1]))
      let told = Dialect.messenger.announce(.entry(Entry(creating: message), facts), voice)
      #expect(told.isEmpty == (kind != .direct))
    }
  }
}
