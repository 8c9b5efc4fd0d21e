import WebSocket

/// Frames on the wire and what must be heard.
struct FrameCase: Sendable, CustomStringConvertible {
  var rule: String
  var wire: [UInt8]
  var heard: [Heard]

  init(_ rule: String, _ wire: [UInt8], _ heard: [Heard]) {
    (self.rule, self.wire, self.heard) = (rule, wire, heard)
  }

  var description: String { rule }
}

private func filled(_ count: Int, _ byte: UInt8 = 0x2A) -> [UInt8] { Array(repeating: byte, count: count) }

private let lengths = [0, 1, 7, 8, 9, 125, 126, 127, 128, 65535, 65536].flatMap { count in
  [
    FrameCase(
      "text of \(count) bytes", masked(.text, filled(count)), [.text(String(repeating: "*", count: count))]),
    FrameCase("binary of \(count) bytes", masked(.binary, filled(count, 0xFE)), [.binary(filled(count, 0xFE))]),
  ]
}

private let controls: [FrameCase] = [
  FrameCase("an empty ping", masked(.ping, []), [.ping([])]),
  FrameCase("a ping of 125 bytes", masked(.ping, filled(125, 0xFF)), [.ping(filled(125, 0xFF))]),
  FrameCase("a pong that nobody asked for", masked(.pong, [1, 2]), [.pong([1, 2])]),
  FrameCase(
    "ten pings", (0..<10).flatMap { masked(.ping, [UInt8($0)]) }, (0..<10).map { .ping([UInt8($0)]) }),
]

private let fragments: [FrameCase] = [
  FrameCase(
    "a message in two frames", masked(.text, "Hel", fin: false) + masked(.continuation, "lo"), [.text("Hello")]),
  FrameCase(
    "a ping between two frames",
    masked(.text, "Hel", fin: false) + masked(.ping, "?") + masked(.continuation, "lo"),
    [.ping([0x3F]), .text("Hello")]),
  FrameCase(
    "empty frames", masked(.text, "", fin: false) + masked(.continuation, "", fin: false) + masked(.continuation, ""),
    [.text("")]),
  FrameCase(
    "an empty frame at the end", masked(.binary, "ab", fin: false) + masked(.continuation, ""),
    [.binary([0x61, 0x62])]),
  FrameCase(
    "a character over three frames",
    masked(.text, [0xE2], fin: false) + masked(.continuation, [0x82], fin: false) + masked(.continuation, [0xAC]),
    [.text("€")]),
  FrameCase(
    "two messages one after the other",
    masked(.text, "a", fin: false) + masked(.continuation, "b") + masked(.binary, [0]),
    [.text("ab"), .binary([0])]),
]

private let closes: [FrameCase] =
  [
    FrameCase("close without a code", masked(.close, []), [.close(nil, "")]),
    FrameCase("close with a reason", masked(.close, [0x03, 0xE8] + Array("bye".utf8)), [.close(.normal, "bye")]),
    FrameCase(
      "close with the longest reason", masked(.close, [0x03, 0xE8] + filled(123)),
      [.close(.normal, String(repeating: "*", count: 123))]),
    FrameCase(
      "after a close nothing counts", masked(.close, []) + masked(.text, "a") + [0xFF, 0xFF], [.close(nil, "")]),
    FrameCase("close inside a message", masked(.text, "a", fin: false) + masked(.close, []), [.close(nil, "")]),
  ]
  + [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map { code in
    FrameCase(
      "close with \(code)", masked(.close, [UInt8(code >> 8), UInt8(code & 255)]),
      [.close(CloseCode(rawValue: UInt16(code)), "")])
  }

let acceptedFrames = lengths + controls + fragments + closes

private let protocolErrors: [FrameCase] = [
  ("RSV1 without compression", raw(0xC1, 0x80)), ("RSV2", raw(0xA1, 0x80)), ("RSV3", raw(0x91, 0x80)),
  ("RSV1 on a ping", raw(0xC9, 0x80)), ("all RSV", raw(0xF1, 0x80)),
  ("opcode 3", raw(0x83, 0x80)), ("opcode 7", raw(0x87, 0x80)), ("opcode 11", raw(0x8B, 0x80)),
  ("opcode 15", raw(0x8F, 0x80)),
  ("a frame without mask", raw(0x81, 0x01, [0x61])),
  ("a ping of 126 bytes", raw(0x89, 0xFE, [0, 126])), ("a close of 126 bytes", raw(0x88, 0xFE, [0, 126])),
  ("a ping with a 64-bit length", raw(0x89, 0xFF)),
  ("a fragmented ping", raw(0x09, 0x80)), ("a fragmented pong", raw(0x0A, 0x80)),
  ("a fragmented close", raw(0x08, 0x80)),
  ("125 in 16 bits", raw(0x81, 0xFE, [0, 125, 1, 2, 3, 4])),
  ("65535 in 64 bits", raw(0x81, 0xFF, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4])),
  ("the top bit of the length", raw(0x81, 0xFF, [0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])),
  ("a continuation first", masked(.continuation, "a")),
  ("text inside a message", masked(.text, "a", fin: false) + masked(.text, "b")),
  ("binary inside a message", masked(.text, "a", fin: false) + masked(.binary, "b", fin: false)),
  ("close with one byte", masked(.close, [0x03])),
].map { FrameCase($0.0, $0.1, [.failed(.protocolError)]) }

private let closeErrors = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map { code in
  FrameCase(
    "close with \(code)", masked(.close, [UInt8(code >> 8), UInt8(code & 255)]), [.failed(.protocolError)])
}

private let limitErrors: [FrameCase] = [
  FrameCase(
    "a continuation after a message", masked(.text, "a") + masked(.continuation, "b"),
    [.text("a"), .failed(.protocolError)]),
  FrameCase(
    "a message of 1 GiB is refused when announced", raw(0x82, 0xFF, [0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]),
    [.failed(.messageTooBig)]),
  FrameCase("a reason that is not UTF-8", masked(.close, [0x03, 0xE8, 0xFF]), [.failed(.invalidData)]),
]

/// Bytes that are no UTF-8, as a whole.
let badTexts: [[UInt8]] = [
  [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
  [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80],
  [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC], [0xFE], [0xFF], [0xC2], [0xE2, 0x82], [0xF0, 0x9F, 0xA6], [0xC2, 0x41],
  [0xE2, 0x82, 0x41], [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5, 0xED, 0xA0, 0x80, 0x65],
]

private let textErrors = badTexts.map { bad in
  FrameCase("text \(bad)", masked(.text, Array("plain text before ".utf8) + bad), [.failed(.invalidData)])
}

let refusedFrames = protocolErrors + closeErrors + limitErrors + textErrors
