import Testing

@testable import Redis

@Suite("The reader of replies")
struct ReplyReaderTests {
  static let cases: [(wire: String, reply: RedisReply)] = [
    ("+OK\r\n", .status("OK")),
    ("-ERR no\r\n", .error("ERR no")),
    (":-12\r\n", .integer(-12)),
    (":9223372036854775807\r\n", .integer(.max)),
    ("$2\r\nhi\r\n", .bulk([104, 105])),
    ("$0\r\n\r\n", .bulk([])),
    ("$-1\r\n", .null),
    ("*-1\r\n", .null),
    ("*0\r\n", .array([])),
    ("*2\r\n:1\r\n$1\r\na\r\n", .array([.integer(1), .bulk([97])])),
    ("*3\r\n*1\r\n+a\r\n*0\r\n$-1\r\n", .array([.array([.status("a")]), .array([]), .null])),
    ("*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", .array([.array([.array([.array([.integer(7)])])])])),
  ]

  private func read(_ wire: [UInt8], step: Int, limits: ReplyLimits = ReplyLimits()) throws -> [RedisReply] {
    let reader = try #require(ReplyReader(limits: limits))
    var replies: [RedisReply] = []
    var start = 0
    while start < wire.count {
      let part = Array(wire[start..<min(start + step, wire.count)])
      try part.withUnsafeBytes { try reader.feed($0) { replies.append($0) } }
      start += step
    }
    return replies
  }

  @Test("each reply is read whole and byte by byte", arguments: cases)
  func each(wire: String, reply: RedisReply) throws {
    let bytes = Array(wire.utf8)
    #expect(try read(bytes, step: bytes.count) == [reply])
    #expect(try read(bytes, step: 1) == [reply])
    #expect(try read(Array(bytes.dropLast()), step: 1) == [])
  }

  @Test("replies that arrive together are handed out in order")
  func together() throws {
    let bytes = Self.cases.flatMap { Array($0.wire.utf8) }
    for step in [1, 7, bytes.count] {
      #expect(try read(bytes, step: step) == Self.cases.map(\.reply))
    }
  }

  @Test(
    "what is no RESP2 is an error, not a trap",
    arguments: [
      "HTTP/1.1 200 OK\r\n", "$-2\r\n", "*-2\r\n", "*2147483648\r\n", "*99999999999999999999\r\n",
      "$99999999999999999999\r\n", ":1x\r\n", ":9223372036854775808\r\n", ":\r\n", "$\r\n", "*\r\n", "\0\0\0\0",
      "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "%1\r\n+a\r\n+b\r\n", "hello +OK\r\n",
    ])
  func garbage(wire: String) {
    #expect(throws: RedisError.self) { try read(Array(wire.utf8), step: wire.utf8.count) }
    #expect(throws: RedisError.self) { try read(Array(wire.utf8), step: 1) }
  }

  @Test("an array of more elements than the limit is refused, one of as many is read")
  func elements() throws {
    var limits = ReplyLimits()
    limits.elementsMax = 3
    #expect(try read(Array("*3\r\n:1\r\n:1\r\n:1\r\n".utf8), step: 1, limits: limits).count == 1)
    #expect(throws: RedisError.self) { try read(Array("*4\r\n".utf8), step: 4, limits: limits) }
  }

  @Test("a reply that never ends is refused at the limit, in a bulk and in an array")
  func bytes() throws {
    var limits = ReplyLimits()
    limits.bytesMax = 1_000
    let bulk = Array("$2000\r\n".utf8) + [UInt8](repeating: 97, count: 1_500)
    #expect(throws: RedisError.self) { try read(bulk, step: 100, limits: limits) }
    let many = Array(("*2000\r\n" + String(repeating: ":1\r\n", count: 400)).utf8)
    #expect(throws: RedisError.self) { try read(many, step: 10, limits: limits) }
    let fits = Array("$900\r\n".utf8) + [UInt8](repeating: 97, count: 900) + [13, 10]
    #expect(try read(fits, step: 10, limits: limits).count == 1)
    #expect(try read(fits + fits + fits, step: 10, limits: limits).count == 3)
  }

  @Test("random bytes are read or refused, nothing else")
  func random() throws {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("+-:$*0123456789\r\n\r\nab\0".utf8)
    for _ in 0..<2_000 {
      let wire = (0..<40).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      let reader = try #require(ReplyReader())
      wire.withUnsafeBytes { try? reader.feed($0) { _ in } }
    }
  }
}
