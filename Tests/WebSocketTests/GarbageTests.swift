import TestKit
import Testing

@testable import WebSocket

/// A handshake's fields and the last frame's payload: read or refused, and never a trap.
struct GarbageTests {
  private static let marks = [
    ",", ";", "=", " ", "\t", "\"", "permessage-deflate", "client_max_window_bits", "server_max_window_bits=", "15",
    "_no_context_takeover", "upgrade", "é", "\u{301}", "\0",
  ]

  @Test func `the fields of a handshake`() throws {
    let samples = [
      "permessage-deflate; client_max_window_bits; server_max_window_bits=\"10\", x-other;a=b",
      "permessage-deflate; server_no_context_takeover; client_max_window_bits=9", "chat, superchat",
      "keep-alive, Upgrade",
      "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    var agreed = 0
    for bytes in Garbage.of(samples, marks: Self.marks) {
      let text = String(decoding: bytes, as: UTF8.self)
      _ = DeflateTerms(parsing: [text])?.headerValue
      for name in HandshakeTests.good.keys.sorted() + ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        if (try? HandshakeTests().agree([name: [text]])) != nil { agreed += 1 }
        _ = try? HandshakeTests().agree([name: [text, text]])
      }
    }
    #expect(agreed > 100)
  }

  @Test func `what a close frame says`() {
    let samples =
      [[0x03, 0xE8], [0x03, 0xE8] + Array("bye é".utf8), [0x0F, 0xA0, 0xF0, 0x9F, 0x98, 0x80]] as [[UInt8]]
    for bytes in Garbage.of(samples, marks: Self.marks) { _ = try? ClosePayload.read(bytes) }
    #expect(throws: ProtocolFailure.self) { try ClosePayload.read([3]) }
  }
}
