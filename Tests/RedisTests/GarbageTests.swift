import TestKit
import Testing

@testable import Redis

/// What no Redis says: an error, or an answer that those who read it turn down; never a trap.
struct GarbageTests {
  private static let speaker = RedisAddress(host: "192.0.2.1", port: 7_000)
  private static let marks = [
    "*", "$", ":", "+", "-", "\r\n", "%", ",", "_", "0", "1", "7", "-1", "MOVED ", "ASK ", " ", "[::1]", "é", "\0",
    "*16\r\n", "$1\r\n", String(repeating: "*1\r\n", count: 20),
  ]

  private func replies(_ bytes: [UInt8]) -> [RedisReply] {
    var replies: [RedisReply] = []
    let reader = ReplyReader()
    try? bytes.withUnsafeBytes { try reader?.feed($0) { replies.append($0) } }
    return replies
  }

  @Test func `answers, as the map and the state of a cluster`() throws {
    let node = "*3\r\n$9\r\n192.0.2.1\r\n:7000\r\n$1\r\na\r\n"
    let info = "cluster_state:ok\r\ncluster_current_epoch:6\r\n"
    let slots = "*2\r\n*4\r\n:0\r\n:8191\r\n\(node)\(node)*3\r\n:8192\r\n:16383\r\n*2\r\n$-1\r\n:7001\r\n"
    let samples = [slots, "$\(info.utf8.count)\r\n\(info)\r\n", "*-1\r\n+OK\r\n-ERR no\r\n:9\r\n$0\r\n\r\n"]
    let whole = try #require(replies(Array(slots.utf8)).first)
    #expect(try ClusterMap(whole, heardFrom: Self.speaker).slotsCovered == 16_384)
    var maps = 0
    for bytes in Garbage.of(samples, marks: Self.marks, count: 2_000) {
      for reply in replies(bytes) {
        _ = (reply.text, reply.integer, reply.elements, ClusterInfo(reply))
        guard let map = try? ClusterMap(reply, heardFrom: Self.speaker) else { continue }
        maps += 1
        #expect(map.slotsCovered <= 16_384 && !map.description.isEmpty)
        _ = map.nodes
      }
    }
    #expect(maps > 10)
  }

  @Test func `redirections and URLs`() throws {
    let samples = ["MOVED 3999 192.0.2.7:6381", "ASK 16383 [::1]:1", "MOVED 0 :7000", "TRYAGAIN Multiple keys"]
    for bytes in Garbage.of(samples, marks: Self.marks) {
      _ = Redirection(String(decoding: bytes, as: UTF8.self), by: Self.speaker)
    }
    let urls = ["rediss://user:p%40ss@[::1]:6380/7", "redis+cluster://a:1,b:2,c", "redis://h"]
    for url in urls { _ = try RedisSettings(url: url) }
    for bytes in Garbage.of(urls, marks: ["@", ":", "/", "%", "%4", "[", "]", ",", "?", "é", "redis://", "0"]) {
      _ = try? RedisSettings(url: String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func `keys`() {
    for bytes in Garbage.of(["{tag}rest", "a{}b", "}{"], marks: ["{", "}", "{}", "a", "\0", "é"]) {
      #expect(HashSlot(of: bytes).number < HashSlot.count)
    }
  }
}
