import Testing
import WebSocket

@Suite("Frames are heard as they were meant, however they arrive")
struct MessageParserTests {
  @Test("whole", arguments: acceptedFrames + refusedFrames)
  func whole(_ example: FrameCase) {
    #expect(hear([example.wire]) == example.heard)
  }

  @Test("byte by byte", arguments: acceptedFrames + refusedFrames)
  func byteByByte(_ example: FrameCase) {
    #expect(hear(bytewise(example.wire)) == example.heard)
  }

  @Test("in pieces of seven", arguments: acceptedFrames + refusedFrames)
  func inPieces(_ example: FrameCase) {
    let pieces = stride(from: 0, to: example.wire.count, by: 7).map {
      Array(example.wire[$0..<min($0 + 7, example.wire.count)])
    }
    #expect(hear(pieces) == example.heard)
  }

  @Test("with more behind", arguments: acceptedFrames + refusedFrames)
  func trailing(_ example: FrameCase) {
    let next = masked(.binary, [7])
    let isOver =
      switch example.heard.last {
      case .close, .failed: true
      default: false
      }
    #expect(hear([example.wire + next]) == example.heard + (isOver ? [] : [.binary([7])]))
  }

  @Test("cut short the last event does not come, and nothing is refused", arguments: acceptedFrames)
  func cutShort(_ example: FrameCase) {
    guard example.wire.count < 400, !example.rule.hasPrefix("after") else { return }
    for length in 0..<example.wire.count {
      let heard = hear([Array(example.wire[..<length])])
      #expect(heard == Array(example.heard.prefix(heard.count)))
      #expect(heard.count < example.heard.count)
    }
  }

  @Test("a client takes unmasked frames and no masked ones")
  func clientRole() {
    #expect(hear([FrameWriter.frame(.text, Array("hi".utf8))], role: .client) == [.text("hi")])
    #expect(hear([masked(.text, "hi")], role: .client) == [.failed(.protocolError)])
  }

  @Test("a failure is final and swallows what follows")
  func final() {
    var parser = MessageParser(role: .server)
    #expect(hear(&parser, raw(0x83, 0x80)) == [.failed(.protocolError)])
    #expect(hear(&parser, masked(.text, "a")) == [])
    let isOver = parser.isOver
    #expect(isOver)
  }

  @Test("between messages the parser is idle")
  func idle() {
    var parser = MessageParser(role: .server)
    var states: [Bool] = [parser.isIdle]
    for piece in [masked(.text, "a", fin: false), masked(.ping, ""), masked(.continuation, "b"), [0x81]] {
      _ = hear(&parser, piece)
      states.append(parser.isIdle)
    }
    #expect(states == [true, false, false, true, false])
    #expect(MemoryLayout<MessageParser>.size <= 208)
  }
}

@Suite("Text is refused at its first bad byte")
struct FailFastTests {
  @Test("inside a frame that is not complete", arguments: badTexts)
  func insideFrame(_ bad: [UInt8]) {
    // The frame announces more than comes, so only a reader that checks as it goes can refuse.
    let text = Array("ok ".utf8) + bad
    let frame = masked(.text, text + Array(repeating: 0x41, count: 100))
    let header = frame.count - text.count - 100
    var firstBad: Int?
    for length in 1...(text.count + 1) where firstBad == nil {
      if hear([Array(frame[..<(header + length)])]) == [.failed(.invalidData)] { firstBad = length }
    }
    let prefixLengths = (1...(text.count + 1)).filter { length in
      !canBeContinued(Array((text + [0x41]).prefix(length)))
    }
    #expect(firstBad == prefixLengths.first)
    #expect(firstBad != nil)
  }

  @Test("a good text is never refused on the way")
  func good() {
    let text = "κόσμε 🦜 \u{10FFFF} \u{7FF}\u{800}\u{FFFF} plain enough for words of eight"
    let wire = masked(.text, text)
    for cut in 1..<wire.count {
      #expect(hear([Array(wire[..<cut]), Array(wire[cut...])]) == [.text(text)])
    }
  }

  @Test("the same verdict as the standard library, for random bytes near UTF-8")
  func random() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let alphabet: [UInt8] = [
      0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5,
    ]
    var good = 0
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...6, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let isText = String(validating: bytes, as: UTF8.self) != nil
      good += isText ? 1 : 0
      let heard = hear([masked(.text, bytes)])
      #expect((heard == [.failed(.invalidData)]) == !isText, "seed \(seed), bytes \(bytes)")
    }
    #expect(good > 500)
  }

  /// True when some text begins with these bytes.
  private func canBeContinued(_ bytes: [UInt8]) -> Bool {
    let endings: [[UInt8]] = [
      [], [0x80], [0xA0], [0x90], [0x80, 0x80], [0xA0, 0x80], [0x90, 0x80], [0x80, 0x80, 0x80], [0x90, 0x80, 0x80],
      [0x85, 0x80, 0x80],
    ]
    return endings.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
  }
}

@Suite("Messages within their limits")
struct MessageLimitTests {
  @Test("a message at the limit is taken, one past it refused, in one frame and in several")
  func messageBytes() {
    let limits = MessageLimits(messageBytesMax: 100)
    let full = [UInt8](repeating: 1, count: 100)
    #expect(hear([masked(.binary, full)], limits: limits) == [.binary(full)])
    #expect(hear([masked(.binary, full + [1])], limits: limits) == [.failed(.messageTooBig)])
    let half = Array(full[..<50])
    let first = masked(.binary, half, fin: false)
    #expect(hear([first + masked(.continuation, half)], limits: limits) == [.binary(full)])
    #expect(hear([first + masked(.continuation, half + [1])], limits: limits) == [.failed(.messageTooBig)])
  }

  @Test("a message has at most as many frames as its limit")
  func frames() {
    let limits = MessageLimits(framesPerMessageMax: 3)
    let wire = masked(.text, "a", fin: false) + masked(.continuation, "b", fin: false)
    #expect(hear([wire + masked(.continuation, "c")], limits: limits) == [.text("abc")])
    let past = wire + masked(.continuation, "", fin: false) + masked(.continuation, "")
    #expect(hear([past], limits: limits) == [.failed(.policyViolation)])
  }

  @Test("sixteen mebibytes, in one frame and in 65,537 fragments")
  func big() {
    let all = (0..<(16 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(hear([masked(.binary, all)]) == [.binary(all)])
    var wire: [UInt8] = []
    let part = 256
    for start in stride(from: 0, to: all.count, by: part) {
      let opcode: Opcode = start == 0 ? .binary : .continuation
      FrameWriter.appendMasked(opcode, Array(all[start..<(start + part)]), key: key, to: &wire, isFinal: false)
    }
    FrameWriter.appendMasked(.continuation, [], key: key, to: &wire)
    #expect(hear([wire]) == [.binary(all)])
  }
}

@Suite("What is written is read again")
struct RoundTripTests {
  @Test("messages of any length, in any pieces, from either side")
  func anyMessages() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<300 {
      let role: Role = Bool.random(using: &random) ? .server : .client
      var wire: [UInt8] = []
      var expected: [Heard] = []
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let lengths = [0, 1, 5, 125, 126, 300, 65535, 65536]
        let count = lengths.randomElement(using: &random) ?? 0
        let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let key = UInt32.random(in: 0...UInt32.max, using: &random)
        if role == .server {
          FrameWriter.appendMasked(.binary, payload, key: key, to: &wire)
        } else {
          FrameWriter.append(.binary, payload, to: &wire)
        }
        expected.append(.binary(payload))
      }
      var pieces: [[UInt8]] = []
      var rest = wire[...]
      while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...40_000, using: &random))
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      #expect(hear(pieces, role: role) == expected, "seed \(seed)")
    }
  }

  @Test("garbage is heard or refused, and never anything else")
  func garbage() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<5000 {
      var bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if !bytes.isEmpty, Bool.random(using: &random) {
        bytes[0] = [0x81, 0x82, 0x01, 0xC1, 0x88, 0x89].randomElement(using: &random) ?? 0
      }
      if bytes.count > 1, Bool.random(using: &random) { bytes[1] |= 0x80 }
      let whole = hear([bytes], terms: DeflateTerms())
      #expect(hear(bytewise(bytes), terms: DeflateTerms()) == whole, "seed \(seed), bytes \(bytes)")
    }
  }

  @Test("a close frame's reason is cut before the character that does not fit")
  func closeReason() {
    let reason = String(repeating: "é", count: 100)
    let payload = FrameWriter.closePayload(4001, reason: reason)
    #expect(payload.count == 124)
    var wire: [UInt8] = []
    FrameWriter.appendClose(4001, reason: reason, to: &wire)
    #expect(hear([wire], role: .client) == [.close(4001, String(repeating: "é", count: 61))])
    #expect(FrameWriter.closePayload(nil) == [])
    #expect(FrameWriter.closePayload(.noStatus, reason: "x") == [])
  }
}
