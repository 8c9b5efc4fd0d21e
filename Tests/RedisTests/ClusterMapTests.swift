import Testing

@testable import Redis

@Suite("The map of a cluster")
struct ClusterMapTests {
  static let speaker = RedisAddress(host: "10.0.0.9", port: 7_000)

  static func node(_ host: String?, _ port: Int64) -> RedisReply {
    .array([host.map { .bulk(Array($0.utf8)) } ?? .null, .integer(port), .bulk(Array("id".utf8)), .array([])])
  }

  static func range(_ first: Int64, _ last: Int64, _ nodes: RedisReply...) -> RedisReply {
    .array([.integer(first), .integer(last)] + nodes)
  }

  private static func read(_ ranges: RedisReply...) throws -> ClusterMap {
    try ClusterMap(.array(ranges), heardFrom: speaker)
  }

  @Test("says who has which slot, and who stands by")
  func owners() throws {
    let map = try Self.read(
      Self.range(0, 99, Self.node("a", 1), Self.node("c", 3)), Self.range(100, 16_382, Self.node("b", 2)),
      Self.range(16_383, 16_383, Self.node("a", 1), Self.node("c", 3)))
    #expect(map.masters.map(\.description) == ["a:1", "b:2"])
    #expect(map.nodes.map(\.description) == ["a:1", "b:2", "c:3"])
    #expect(map.master(of: HashSlot(99))?.description == "a:1")
    #expect(map.master(of: HashSlot(100))?.description == "b:2")
    #expect(map.master(of: HashSlot(16_383))?.description == "a:1")
    #expect(map.slotsCovered == 16_384)
    #expect(map.description == "2 masters (a:1 b:2), 1 replicas, all slots")
  }

  @Test("takes a node without a host for the one that was asked")
  func ownHost() throws {
    let map = try Self.read(Self.range(0, 1, Self.node("", 1)), Self.range(2, 3, Self.node(nil, 2)))
    #expect(map.masters.map(\.description) == ["10.0.0.9:1", "10.0.0.9:2"])
    #expect(map.slotsCovered == 4)
    #expect(map.master(of: HashSlot(4)) == nil)
  }

  @Test("leaves out a replica that its cluster cannot name")
  func unnamedReplica() throws {
    let map = try Self.read(
      Self.range(0, 99, Self.node("a", 1), Self.node("?", 3), .null, Self.node("c", 4)),
      Self.range(100, 199, Self.node("b", 2), Self.node("?", 5)))
    #expect(map.nodes.map(\.description) == ["a:1", "b:2", "c:4"])
  }

  @Test("follows a refusal only to a master that it knows")
  func moving() throws {
    var map = try Self.read(Self.range(0, 99, Self.node("a", 1)), Self.range(100, 199, Self.node("b", 2)))
    let slot = HashSlot(7)
    let known = RedisAddress(host: "b", port: 2)
    let toStranger = map.move(slot, to: RedisAddress(host: "evil", port: 2))
    #expect(!toStranger)
    #expect(map.master(of: slot)?.host == "a")
    let before = map
    let toMaster = map.move(slot, to: known)
    #expect(toMaster)
    #expect(map.master(of: slot) == known)
    #expect(!map.says(before))
  }

  @Test(
    "is not made of what no cluster answers",
    arguments: [
      RedisReply.null, .integer(1), .array([.null]), .array([range(0, 1)]), .array([range(1, 0, node("a", 1))]),
      .array([range(0, 16_384, node("a", 1))]), .array([range(-1, 5, node("a", 1))]),
      .array([range(0, 5, node("a", 0))]), .array([range(0, 5, node("a", 65_536))]),
      .array([range(0, 5, node("?", 1))]), .array([range(0, 5, node("a b", 1))]),
      .array([range(0, 5, node("a", 1)), range(5, 6, node("b", 1))]),
      .array([.array([.integer(0), .integer(1)] + Array(repeating: node("a", 1), count: 17))]),
      .array((0..<1_001).map { range($0, $0, node("a", $0 + 1)) }),
    ])
  func refused(reply: RedisReply) {
    #expect(throws: RedisError.self) { try ClusterMap(reply, heardFrom: Self.speaker) }
  }

  @Test("may have as many masters as Redis allows")
  func most() throws {
    let reply = RedisReply.array((0..<1_000).map { Self.range($0, $0, Self.node("a", $0 + 1)) })
    #expect(try ClusterMap(reply, heardFrom: Self.speaker).masters.count == 1_000)
  }
}

@Suite("A refusal of a node of a cluster")
struct RedirectionTests {
  @Test("names slot and owner, or is about something else")
  func reading() {
    let speaker = RedisAddress(host: "10.0.0.9", port: 7_000)
    let slot = HashSlot(3_999)
    let rows: [(String, Redirection?)] = [
      ("MOVED 3999 127.0.0.1:6381", .moved(slot, RedisAddress(host: "127.0.0.1", port: 6_381))),
      ("MOVED 3999 :6381", .moved(slot, RedisAddress(host: "10.0.0.9", port: 6_381))),
      ("MOVED 3999 ::1:6381", .moved(slot, RedisAddress(host: "::1", port: 6_381))),
      ("ASK 3999 b.example.org:1", .ask(slot, RedisAddress(host: "b.example.org", port: 1))),
      ("MOVED 3999 ?:6381", .moved(slot, nil)), ("MOVED 3999 a:99999", .moved(slot, nil)),
      ("MOVED 3999 a", .moved(slot, nil)), ("MOVED 16384 a:1", nil), ("MOVED -1 a:1", nil), ("MOVED", nil),
      ("ASK x a:1", nil), ("TRYAGAIN Multiple keys", .again), ("CLUSTERDOWN Hash slot not served", .down),
      ("LOADING Redis is loading", .down), ("ERR no", nil), ("", nil), ("NOSCRIPT No matching script", nil),
    ]
    for (text, expected) in rows { #expect(Redirection(text, by: speaker) == expected, "\(text)") }
  }
}

@Suite("The slot of a command")
struct CommandSlotTests {
  @Test("is that of its key or channel, wherever it stands; some have none")
  func places() {
    let slot = HashSlot(of: "k")
    #expect(RedisCommand("GET", "k").slot == slot)
    #expect(RedisCommand("SPUBLISH", "k", "payload").slot == slot)
    #expect(RedisCommand("SPUBLISH", "m:{k}c:5", "payload").slot == slot)
    #expect(RedisCommand("EVALSHA", "digest", "1", "k", "argument").slot == slot)
    #expect(RedisCommand("EVAL", "return 1", "0").slot == nil)
    #expect(RedisCommand("PING").slot == nil)
    #expect(RedisCommand("SCRIPT", "LOAD", "return 1").slot == nil)
    #expect(RedisCommand("GET").slot == nil)
    #expect(RedisCommand([]).slot == nil)
  }
}

@Suite("What a node says of its cluster")
struct ClusterInfoTests {
  @Test("is its epoch")
  func reading() {
    let text = "cluster_state:fail\r\ncluster_slots_assigned:16384\r\ncluster_current_epoch:6\r\n"
    let info = ClusterInfo(.bulk(Array(text.utf8)))
    #expect(info?.epoch == 6)
    #expect(ClusterInfo(.bulk([])) == nil && ClusterInfo(.integer(1)) == nil)
  }
}
