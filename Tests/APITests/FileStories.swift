import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("Files") struct FileStories {
  private static let png = Array("\u{89}PNG".unicodeScalars.map { UInt8($0.value) }) + [13, 10, 26, 10, 1, 2, 3, 4]
  private static let boundary = "----xYz"

  private static func form(_ parts: [(head: String, body: String)], end: String = "--\r\n") -> [UInt8] {
    let text = parts.map { "--\(boundary)\r\n\($0.head)\r\n\r\n\($0.body)\r\n" }.joined()
    return Array("\(text)--\(boundary)\(end)".utf8)
  }

  private static let field = "Content-Disposition: form-data; name=\"file\"; filename=\"../b.txt\""

  private func upload(
    _ door: Door, _ bytes: [UInt8], _ target: String = "/v1/files", type: String = "application/octet-stream",
    as caller: Caller? = nil
  ) async -> Reply {
    let headers: HeaderFields = [
      "Authorization": "Bearer " + door.token(caller ?? door.stage.ada), "Content-Type": type,
    ]
    return await door.send(raw: bytes, .post, target, headers: headers)
  }

  @Test func `what a file is, its bytes say, whatever the client says`() async throws {
    let door = try await Door.open()
    let image = await upload(door, Self.png, "/v1/files?name=a/evil.html", type: "text/html")
    #expect(image.status == 201)
    #expect(image["type"]?.string == "image/png")
    #expect(image["name"]?.string == "evil.html")
    #expect(image["size"]?.integer == Int64(Self.png.count))
    #expect(image["url"]?.string == "/v1/files/\(image.id())")
    let page = await upload(door, Array("<script>alert(1)</script>".utf8), type: "image/png")
    #expect(page["type"]?.string == "text/plain; charset=utf-8")
    let shown = await door.send(.get, "/v1/files/\(image.id())", as: door.stage.ada)
    #expect(shown.body == Self.png)
    #expect(shown.headers["content-disposition"]?.hasPrefix("inline; filename=\"evil.html\"") == true)
    let saved = await door.send(.get, "/v1/files/\(page.id())", as: door.stage.ada)
    #expect(saved.headers["content-disposition"]?.hasPrefix("attachment;") == true)
    #expect(saved.headers["content-security-policy"] == "default-src 'none'; sandbox")
    #expect(saved.headers["cache-control"] == "private, no-cache")
  }

  @Test func `a form with exactly one part named file is the same as the body itself`() async throws {
    let door = try await Door.open()
    let type = "multipart/form-data; boundary=\"\(Self.boundary)\""
    let good = await upload(door, Self.form([(Self.field, "hello")]), type: type)
    #expect(good.status == 201)
    #expect(good["name"]?.string == "b.txt")
    #expect(good["size"]?.integer == 5)
    let encoded = Self.field + "; filename*=UTF-8''%2e%2e%2f%C3%A4.txt"
    let named = await upload(door, Self.form([(encoded, "x")]), type: type)
    #expect(named["name"]?.string == "ä.txt")
    let other = "Content-Disposition: form-data; name=\"other\""
    for parts in [[], [(other, "x")], [(Self.field, "x"), (Self.field, "y")], [(Self.field, "x"), (other, "y")]] {
      let reply = await upload(door, Self.form(parts), type: type)
      #expect(reply.summary == "400 invalid_request /file invalid_format")
    }
    let cut = await upload(door, Self.form([(Self.field, "x")], end: ""), type: type)
    #expect(cut.summary == "400 invalid_request /file invalid_format")
    let nameless = await upload(door, Self.form([(Self.field, "x")]), type: "multipart/form-data")
    #expect(nameless.summary == "400 invalid_request /file invalid_format")
    let empty = await upload(door, Self.form([(Self.field, "")]), type: type)
    #expect(empty.summary == "400 invalid_request /file too_short")
  }

  @Test func `a file may have as many bytes as the limit says and not one more, and no less than one`() async throws {
    var limits = Limits()
    limits.fileBytesMax = 10
    limits.fileQuotaBytes = 15
    let door = try await Door.open(limits: limits)
    #expect(await upload(door, []).summary == "400 invalid_request /file too_short")
    #expect(await upload(door, Array(repeating: 65, count: 11)).summary == "413 file_too_large")
    let first = await upload(door, Array(repeating: 65, count: 10))
    #expect(first.status == 201)
    #expect(await upload(door, Array(repeating: 65, count: 6)).summary == "409 file_quota_exceeded")
    #expect(await door.send(.delete, "/v1/files/\(first.id())", as: door.stage.ada).status == 204)
    #expect(await upload(door, Array(repeating: 65, count: 6)).status == 201)
  }

  @Test func `a range is a part, one past the end is refused, and several are the whole`() async throws {
    let door = try await Door.open()
    let bytes = (0..<(300 * 1024)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let file = await upload(door, bytes)
    let last = bytes.count - 1
    let rows: [(String, Range<Int>?)] = [
      ("bytes=0-0", 0..<1), ("bytes=262143-262144", 262_143..<262_145), ("bytes=5-", 5..<bytes.count),
      ("bytes=-3", (bytes.count - 3)..<bytes.count), ("bytes=0-99999999999999999999", 0..<bytes.count),
      ("bytes=\(last)-\(last)", last..<bytes.count), ("bytes=0-1,4-5", nil), ("bytes=9-3", nil), ("lines=0-1", nil),
      ("bytes=a-b", nil), ("bytes=-", nil),
    ]
    let token = "Bearer " + door.token(door.stage.ada)
    for (range, part) in rows {
      let reply = await door.send(
        raw: [], .get, "/v1/files/\(file.id())", headers: ["Authorization": token, "Range": range])
      #expect(reply.status == (part == nil ? 200 : 206), "\(range)")
      #expect(reply.body == Array(bytes[part ?? 0..<bytes.count]), "\(range)")
      if let part {
        #expect(reply.headers["content-range"] == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes.count)")
      }
    }
    for range in ["bytes=\(bytes.count)-", "bytes=-0"] {
      let reply = await door.send(
        raw: [], .get, "/v1/files/\(file.id())", headers: ["Authorization": token, "Range": range])
      #expect(reply.summary == "416 range_not_satisfiable")
      #expect(reply.headers["content-range"] == "bytes */\(bytes.count)")
    }
    let tag = try #require(await door.send(.get, "/v1/files/\(file.id())", as: door.stage.ada).headers["etag"])
    let known: HeaderFields = ["Authorization": token, "If-None-Match": tag]
    #expect(await door.send(raw: [], .get, "/v1/files/\(file.id())", headers: known).status == 304)
    for (condition, status) in [(tag, 206), ("\"other\"", 200), ("Sat, 21 Nov 2026 08:00:00 GMT", 200)] {
      let headers: HeaderFields = ["Authorization": token, "Range": "bytes=0-1", "If-Range": condition]
      #expect(await door.send(raw: [], .get, "/v1/files/\(file.id())", headers: headers).status == status)
    }
  }

  @Test func `a file is read by its owner and where it was sent, and by nobody else`() async throws {
    let door = try await Door.open()
    let (ada, bob, eve) = (door.stage.ada, door.stage.bob, door.stage.eve)
    let file = await upload(door, Self.png)
    let target = "/v1/files/\(file.id())"
    for stranger in [bob, eve] {
      #expect(await door.send(.get, target, as: stranger).summary == "404 file_not_found")
      #expect(await door.send(.delete, target, as: stranger).summary == "404 file_not_found")
    }
    let room = try await door.stage.cast.group().id.rawValue
    let sent = await door.send(
      .post, "/v1/conversations/\(room)/messages", ["text": "", "attachments": [.integer(file.id())]], as: ada)
    #expect(sent.status == 201)
    #expect(sent["attachments"]?.array == [file.json])
    #expect(await door.send(.get, target, as: bob).body == Self.png)
    #expect(await door.send(.get, target, as: eve).status == 404)
    #expect(await door.send(.delete, "/v1/conversations/\(room)/members/me", as: bob).status == 204)
    #expect(await door.send(.get, target, as: bob).status == 404, "who has left")
    #expect(await door.send(.get, "/v1/files", as: ada).each("files", "id") == [.integer(file.id())])
    #expect(await door.send(.get, "/v1/files", as: bob).each("files", "id").isEmpty)
    #expect(await door.send(.delete, target, as: ada).status == 204)
    #expect(await door.send(.get, target, as: ada).status == 404)
    let history = await door.send(.get, "/v1/conversations/\(room)/messages", as: ada)
    #expect(history["messages"]?.array?.last?["attachments"]?.array == [file.json], "messages go on naming it")
  }

  @Test func `only own files are sent, each once, ten at most, and the same ones under one client id`() async throws {
    let door = try await Door.open()
    let ada = door.stage.ada
    let room = try await door.stage.cast.group().id.rawValue
    let target = "/v1/conversations/\(room)/messages"
    let (mine, other) = (await upload(door, Self.png).id(), await upload(door, [65]).id())
    let bobs = await upload(door, Self.png, as: door.stage.bob).id()
    func send(_ ids: [Int64], _ text: String = "", _ id: String? = nil) async -> Reply {
      var body: JSONObject = ["text": .string(text), "attachments": .array(ids.map { .integer($0) })]
      if let id { body.insert("client_message_id", .string(id)) }
      return await door.send(.post, target, .object(body), as: ada)
    }
    #expect(await send([mine, bobs]).summary == "400 invalid_request /attachments/1 unknown_file")
    #expect(await send([mine, mine]).summary == "400 invalid_request /attachments not_allowed")
    #expect(await send([]).summary == "400 invalid_request /text too_short")
    #expect(await send(Array(repeating: mine, count: 11)).status == 400)
    let first = await send([mine], "look", "c")
    #expect(first.status == 201)
    #expect(await send([mine], "look", "c").json == first.json)
    #expect(await send([other], "look", "c").summary == "409 idempotency_conflict")
    #expect(await send([], "look", "c").summary == "409 idempotency_conflict")
    #expect(await door.send(.delete, "/v1/files/\(mine)", as: ada).status == 204)
    let again = await send([mine], "look", "c")
    #expect(again.status == 200, "the first answer is owed for ever")
    #expect(again.json == first.json)
  }

  @Test func `garbage as a form is refused or kept, and never anything else`() async throws {
    let door = try await Door.open()
    let whole = Self.form([(Self.field, "hello"), (Self.field, "\r\n--\(Self.boundary)")])
    var random = SeededDice(seed: 7)
    for round in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch round % 3 {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(contentsOf: Array("\r\n--\(Self.boundary)".utf8), at: place)
        }
      }
      let reply = await upload(door, bytes, type: "multipart/form-data; boundary=\(Self.boundary)")
      #expect([201, 400].contains(reply.status), "round \(round)")
    }
  }
}
