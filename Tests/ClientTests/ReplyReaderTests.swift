import Testing

@testable import Client

@Suite("Answers in chunks")
struct ReplyReaderTests {
  private static let head = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: Chunked\r\n"

  private struct Outcome: Equatable {
    var bodies: [String] = []
    var isRefused = false
  }

  /// What comes of bytes that arrive in pieces.
  private static func read(_ text: String, by size: Int) -> Outcome {
    var reader = ReplyReader()
    var outcome = Outcome()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      Array(rest.prefix(size)).withUnsafeBytes { reader.append($0) }
      rest = rest.dropFirst(size)
      reading: while true {
        switch reader.next() {
        case .needMore: break reading
        case .failed:
          outcome.isRefused = true
          return outcome
        case .reply(let reply): outcome.bodies.append(String(decoding: reply.body, as: UTF8.self))
        }
      }
    }
    return outcome
  }

  @Test(arguments: [1, 7, 4_096])
  func `are read, with what comes behind them, and not before they are whole`(size: Int) {
    let one = Self.head + "\r\n6\r\n<Code>\r\n00a ; x=\"y\"\r\nAccess\r\n..\r\n0\r\nA: b\r\n\r\n"
    let both = one + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    #expect(Self.read(both, by: size) == Outcome(bodies: ["<Code>Access\r\n..", "ok"]))
    for count in 0..<one.utf8.count {
      #expect(Self.read(String(decoding: Array(one.utf8).prefix(count), as: UTF8.self), by: size) == Outcome())
    }
  }

  @Test(
    arguments: [
      "\r\n-1\r\n", "\r\n+1\r\na\r\n", "\r\nx\r\n", "\r\n\r\n", "\r\n1\r\nab\r\n", "\r\n1\r\na\n\n",
      "\r\n000000001\r\na\r\n", "\r\n100001\r\n", "\r\nffffffff\r\n", "Content-Length: 1\r\n\r\n1\r\na\r\n",
      "Transfer-Encoding: gzip\r\n\r\n1\r\na\r\n", "\r\n1;" + String(repeating: "a", count: 1_023) + "\r\na\r\n",
    ])
  func `that are none end the connection`(text: String) {
    for size in [1, 4_096] { #expect(Self.read(Self.head + text, by: size) == Outcome(isRefused: true), "\(text)") }
  }

  @Test func `are a mebibyte at most, with what stands around them`() {
    func many(_ count: Int) -> String {
      let chunk = "64\r\n" + String(repeating: "a", count: 100) + "\r\n"
      return Self.head + "\r\n" + String(repeating: chunk, count: count) + "0\r\n\r\n"
    }
    #expect(Self.read(many(9_892), by: 1 << 16).bodies.map(\.utf8.count) == [989_200])
    #expect(Self.read(many(9_893), by: 1 << 16).isRefused)
  }
}
