import Client
import TestKit
import Testing

/// What no server answers: an error, and never a trap.
struct GarbageTests {
  private static func read(_ bytes: [UInt8], expectsNoBody: Bool = false) -> [Reply] {
    var reader = ReplyReader()
    reader.expectsNoBody = expectsNoBody
    bytes.withUnsafeBytes { reader.append($0) }
    var replies: [Reply] = []
    while case .reply(let reply) = reader.next() { replies.append(reply) }
    return replies
  }

  @Test func `answers`() {
    let samples = [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhelloHTTP/1.1 204 No\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\u{81}",
      "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
    ]
    #expect(samples.map { Self.read(Array($0.utf8)).count } == [2, 1, 1])
    let marks = [
      "HTTP/1.1 ", "\r\n", "\r\n\r\n", ":", "Content-Length: ", "Transfer-Encoding: ", " ", "-", "0", "é", "\0",
    ]
    for bytes in Garbage.of(samples, marks: marks) {
      for expectsNoBody in [false, true] { _ = Self.read(bytes, expectsNoBody: expectsNoBody) }
    }
  }

  @Test func `as many interim answers as one likes`() {
    let interim = [[UInt8]](repeating: Array("HTTP/1.1 100 Go\r\n\r\n".utf8), count: 20_000)
    let replies = Self.read(interim.flatMap(\.self) + Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8))
    #expect(replies.map(\.status) == [200])
  }

  @Test func `URLs`() {
    let samples = ["https://s3.example:9000/bucket/", "http://h"]
    for bytes in Garbage.of(samples, marks: [":", "/", "//", "@", "?", "[", "é", "\u{301}", "0"]) {
      _ = ServicePlace(url: String(decoding: bytes, as: UTF8.self))
    }
    #expect(ServicePlace(url: samples[0])?.path == "/bucket")
  }
}
