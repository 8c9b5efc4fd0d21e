import CZlib
import Testing
import WebSocket

@Suite("Compressed messages")
struct CompressionTests {
  static let terms: [DeflateTerms] = [8, 9, 12, 15].flatMap { bits in
    [true, false].map { forgets in
      DeflateTerms(serverForgets: forgets, clientForgets: forgets, serverWindowBits: bits, clientWindowBits: bits)
    }
  }

  func client(_ deflater: MessageDeflater, _ message: [UInt8], opcode: Opcode = .binary) throws -> [UInt8] {
    masked(opcode, try #require(deflater.deflate(message)), compressed: true)
  }

  @Test("come back as they were, with every window and with or without memory", arguments: terms)
  func bothWays(_ terms: DeflateTerms) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let words = ["chat ", "martlet ", "message ", "é🦜 ", "0123456789 ", "aaaaaaaaaaaaaaaaaaaaaaaa"]
    let deflater = terms.deflater(for: .client)
    var parser = MessageParser(role: .server, limits: wide, inflater: terms.inflater(for: .server))
    for round in 0..<60 {
      var text = ""
      for _ in 0..<(round * 5) { text += words.randomElement(using: &random) ?? "" }
      let wire = try client(deflater, Array(text.utf8), opcode: .text)
      let pieces = round.isMultiple(of: 3) ? bytewise(wire) : [wire]
      #expect(pieces.flatMap { hear(&parser, $0) } == [.text(text)], "seed \(seed)")
    }
    #expect(deflater.holdsContext == !terms.clientForgets)
  }

  @Test("a stream written with 9 bits is read with 8")
  func eightBits() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let terms = DeflateTerms(clientWindowBits: 8)
    let deflater = terms.deflater(for: .client)
    var parser = MessageParser(role: .server, limits: wide, inflater: terms.inflater(for: .server))
    for _ in 0..<200 {
      let piece = (0..<Int.random(in: 1...400, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random) }
      let message = piece + piece + Array(repeating: 9, count: 300) + piece
      #expect(hear(&parser, try client(deflater, message)) == [.binary(message)], "seed \(seed)")
    }
  }

  @Test("a fragmented one is compressed as a whole; RSV1 stands on the first frame only")
  func fragmented() throws {
    let message = Array(String(repeating: "fragment ", count: 100).utf8)
    let data = try #require(MessageDeflater().deflate(message))
    let half = data.count / 2
    let wire =
      masked(.binary, Array(data[..<half]), fin: false, compressed: true) + masked(.ping, [1])
      + masked(.continuation, Array(data[half...]), fin: false) + masked(.continuation, [])
    #expect(hear([wire], terms: DeflateTerms()) == [.ping([1]), .binary(message)])
    #expect(hear(bytewise(wire), terms: DeflateTerms()) == [.ping([1]), .binary(message)])
    let wrong = masked(.binary, [0], fin: false, compressed: true) + masked(.continuation, [0], compressed: true)
    #expect(hear([wrong], terms: DeflateTerms()) == [.failed(.protocolError)])
  }

  @Test("an uncompressed message is taken although compression was agreed, a compressed control frame is not")
  func mixed() {
    #expect(hear([masked(.text, "plain")], terms: DeflateTerms()) == [.text("plain")])
    #expect(hear([masked(.ping, [], compressed: true)], terms: DeflateTerms()) == [.failed(.protocolError)])
  }

  @Test(
    "the RFC's own examples",
    arguments: [
      [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
      [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
      [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
      [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
    ] as [[UInt8]])
  func rfcExamples(_ data: [UInt8]) {
    #expect(hear([masked(.text, data, compressed: true)], terms: DeflateTerms()) == [.text("Hello")])
    #expect(hear(bytewise(masked(.text, data, compressed: true)), terms: DeflateTerms()) == [.text("Hello")])
  }

  @Test("a window is kept over messages, also when a block was final")
  func keptWindow() {
    // RFC 7692 section 7.2.3.2: the second message refers back to the first.
    let first = masked(.text, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], compressed: true)
    let final = masked(.text, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], compressed: true)
    let second = masked(.text, [0xF2, 0x00, 0x11, 0x00, 0x00], compressed: true)
    #expect(hear([first + second], terms: DeflateTerms()) == [.text("Hello"), .text("Hello")])
    #expect(hear([final + second], terms: DeflateTerms()) == [.text("Hello"), .text("Hello")])
    #expect(
      hear([first + second], terms: DeflateTerms(clientForgets: true)) == [.text("Hello"), .failed(.invalidData)])
  }

  @Test(
    "broken data is refused",
    arguments: [
      [0x07], [0xFF, 0xFF, 0xFF], [0xF2, 0x48, 0xCD], [0x00, 0x05, 0x00, 0xFA], [], [0x00, 0x00, 0x01, 0x02, 0x03],
    ]
      as [[UInt8]])
  func broken(_ data: [UInt8]) {
    let wire = masked(.binary, data, compressed: true)
    let heard = hear([wire], terms: DeflateTerms())
    #expect(heard == [.failed(.invalidData)])
    #expect(hear(bytewise(wire), terms: DeflateTerms()) == heard)
  }

  @Test("text that inflates to no UTF-8 is refused before the message ends")
  func badText() throws {
    let data = try #require(MessageDeflater().deflate([0x41, 0xFF]))
    let wire = masked(.text, data, fin: false, compressed: true) + masked(.continuation, [0], fin: false)
    #expect(hear([wire], terms: DeflateTerms()) == [.failed(.invalidData)])
  }
}

@Suite("Bombs")
struct BombTests {
  @Test("the limit counts the inflated bytes, exactly")
  func exact() throws {
    for count in [99_999, 100_000, 100_001] {
      let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
      let wire = masked(.binary, try #require(MessageDeflater().deflate(message)), compressed: true)
      let limits = MessageLimits(messageBytesMax: 100_000, inflationRatioMax: 2000)
      let expected: [Heard] = count <= 100_000 ? [.binary(message)] : [.failed(.messageTooBig)]
      #expect(hear([wire], limits: limits, terms: DeflateTerms()) == expected)
    }
  }

  @Test("a megabyte that wants to be a gigabyte is refused, and little was inflated")
  func bomb() throws {
    let data = try #require(MessageDeflater().deflate(Array(repeating: 0, count: 64 << 20)))
    let wire = masked(.binary, data, compressed: true)
    #expect(hear([wire], limits: MessageLimits(), terms: DeflateTerms()) == [.failed(.messageTooBig)])
    let ratio = MessageLimits(messageBytesMax: 1 << 30)
    #expect(hear([wire], limits: ratio, terms: DeflateTerms()) == [.failed(.messageTooBig)])
  }

  @Test("the ratio holds only above what a connection may hold anyway")
  func ratio() throws {
    let small = Array(repeating: UInt8(0), count: 64 * 1024)
    let limits = MessageLimits(messageBytesMax: 1 << 20, inflationRatioMax: 100)
    let deflater = MessageDeflater(forgets: true)
    let fits = masked(.binary, try #require(deflater.deflate(small)), compressed: true)
    #expect(hear([fits], limits: limits, terms: DeflateTerms()) == [.binary(small)])
    let past = masked(.binary, try #require(deflater.deflate(small + [0])), compressed: true)
    #expect(hear([past], limits: limits, terms: DeflateTerms()) == [.failed(.messageTooBig)])
  }

  @Test("blocks that carry nothing end at the compressed limit")
  func emptyBlocks() {
    let limits = MessageLimits(messageBytesMax: 1000, framesPerMessageMax: 1 << 20)
    let empty: [UInt8] = [0x00, 0x00, 0x00, 0xFF, 0xFF]
    let frame = masked(.continuation, Array(repeating: empty, count: 200).flatMap { $0 }, fin: false)
    var wire = masked(.binary, [], fin: false, compressed: true)
    for _ in 0..<100 { wire += frame }
    #expect(hear([wire], limits: limits, terms: DeflateTerms()) == [.failed(.messageTooBig)])
  }
}
