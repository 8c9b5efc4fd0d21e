import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("A client of a cluster whose nodes send it on")
struct RedirectedClientTests {
  /// With a patience for being sent on that a busy machine does not try, unless that is what is looked at.
  private static func withCluster(
    patience: Int64 = 10_000,
    _ body: @escaping @Sendable (FakeCluster, RedisClient, EventLoop) async throws -> Void
  ) async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      var settings = cluster.settings
      settings.redirectPatience = patience
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      try await body(cluster, client, loop)
      client.close()
      cluster.close()
    }
  }

  @Test("goes at once to a master that it knows, and from then on without asking the first")
  func moved() async throws {
    try await Self.withCluster { cluster, client, _ in
      let place = FakeCluster.slot.number
      let other = cluster.address(1)
      cluster.answer(0) { _ in "-MOVED \(place) \(other)\r\n" }
      cluster.answer(1) { _ in "$2\r\nhi\r\n" }
      let text1 = try await client.command(RedisCommand("GET", FakeCluster.key)).text
      #expect(text1 == "hi")
      #expect(client.counters.redirected == 1)
      let before = cluster.heard(0).count
      let text2 = try await client.command(RedisCommand("GET", FakeCluster.key)).text
      #expect(text2 == "hi")
      #expect(cluster.heard(0).count == before)
    }
  }

  @Test("never connects to an address that only a refusal names, and says so long before its deadline")
  func foreign() async throws {
    try await Self.withCluster(patience: 200) { cluster, client, loop in
      let stranger = try FakeRedis(loop: loop) { _ in Array("$4\r\nevil\r\n".utf8) }
      let (slot, address) = (FakeCluster.slot.number, stranger.settings.address)
      cluster.answer(0) { _ in "-MOVED \(slot) \(address)\r\n" }
      let refreshes = client.counters.refreshes
      let start = EventLoop.monotonicMilliseconds()
      let error = await #expect(throws: RedisError.self) {
        try await client.command(RedisCommand("GET", FakeCluster.key), deadline: 60_000)
      }
      #expect(error?.code == "MOVED")
      #expect(EventLoop.monotonicMilliseconds() - start < 15_000)
      try await eventually(within: 15_000, on: loop) { client.counters.refreshes > refreshes }
      cluster.answer(0) { _ in "-ASK \(slot) \(address)\r\n" }
      let asked = await #expect(throws: RedisError.self) {
        try await client.command(RedisCommand("GET", FakeCluster.key))
      }
      #expect(asked?.code == "ASK")
      #expect(stranger.accepted == 0)
      stranger.close()
    }
  }

  @Test("waits for the map when the new master is not known yet, and reaches it once it is named")
  func learned() async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      cluster.tell(owners: [0])
      var settings = cluster.settings
      #expect(settings.redirectPatience == 200, "what a request is let wait for a move")
      settings.redirectPatience = 10_000
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      #expect(client.masters.count == 1)
      let (slot, other) = (FakeCluster.slot.number, cluster.address(1))
      cluster.answer(0) { _ in "-MOVED \(slot) \(other)\r\n" }
      cluster.answer(1) { _ in "$2\r\nhi\r\n" }
      cluster.tell(owners: [1, 0])
      let text3 = try await client.command(RedisCommand("GET", FakeCluster.key)).text
      #expect(text3 == "hi")
      #expect(client.masters.count == 2 && client.counters.topologies == 2)
      client.close()
      cluster.close()
    }
  }

  @Test("asks the master to which a slot is on its way, this once")
  func ask() async throws {
    try await Self.withCluster { cluster, client, _ in
      let (slot, other) = (FakeCluster.slot.number, cluster.address(1))
      cluster.answer(0) { _ in "-ASK \(slot) \(other)\r\n" }
      cluster.answer(1) { $0.contains("ASKING") ? "+OK\r\n$2\r\nhi\r\n" : "-MOVED \(slot) \(other)\r\n" }
      for _ in 0..<2 {
        let text = try await client.command(RedisCommand("GET", FakeCluster.key)).text
        #expect(text == "hi")
      }
      #expect(cluster.heard(0).count == 2)
      #expect(cluster.heard(1).allSatisfy { $0.contains("ASKING") && $0.contains("GET") })
    }
  }

  @Test("tries again in a moment when the keys are on two nodes, and gives up when two nodes point at each other")
  func again() async throws {
    try await Self.withCluster { cluster, client, _ in
      var tries = 0
      cluster.answer(0) { _ in
        tries += 1
        return tries < 3 ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n" : "+OK\r\n"
      }
      let done = try await client.command(RedisCommand("SET", FakeCluster.key, "1"))
      #expect(done == .status("OK"))
      let slot = FakeCluster.slot.number
      let (one, two) = (cluster.address(0), cluster.address(1))
      cluster.answer(0) { _ in "-MOVED \(slot) \(two)\r\n" }
      cluster.answer(1) { _ in "-MOVED \(slot) \(one)\r\n" }
      let heard = cluster.heard(0).count + cluster.heard(1).count
      let error = await #expect(throws: RedisError.self) {
        try await client.command(RedisCommand("GET", FakeCluster.key))
      }
      #expect(error?.code == "MOVED")
      #expect(cluster.heard(0).count + cluster.heard(1).count - heard == ClusterClient.triesMax)
    }
  }

  @Test("fails at once when the cluster is down, and for slots that nobody has")
  func down() async throws {
    try await Self.withCluster { cluster, client, loop in
      cluster.answer(0) { _ in "-CLUSTERDOWN The cluster is down\r\n" }
      let refreshes = client.counters.refreshes
      let error = await #expect(throws: RedisError.self) {
        try await client.command(RedisCommand("GET", FakeCluster.key))
      }
      #expect(error?.code == "CLUSTERDOWN")
      try await eventually(within: 15_000, on: loop) { client.counters.refreshes > refreshes }
    }
  }

  @Test("answers each command once, whatever the nodes say, and ends no process")
  func random() async throws {
    try await Self.withCluster(patience: 200) { cluster, client, loop in
      let slots = (0..<8).map { HashSlot(of: "\($0)").number }
      let addresses = [cluster.address(0), cluster.address(1), RedisAddress(host: "127.0.0.1", port: 1)]
      for place in 0...1 {
        cluster.answer(place) { text in
          text.split(separator: "\r\n").filter { $0 == "GET" || $0 == "ASKING" }.map { word in
            if word == "ASKING" { return "+OK\r\n" }
            let (slot, address) = (slots.randomElement() ?? 0, addresses.randomElement() ?? addresses[0])
            let answers = [
              "+OK", "$-1", "-MOVED \(slot) \(address)", "-ASK \(slot) \(address)", "-TRYAGAIN later", "-MOVED",
              "-CLUSTERDOWN", "-LOADING", "-ERR no", "-MOVED 99999 x:y", "-ASK 5 ?:0", ":1", "*0",
            ]
            return (answers.randomElement() ?? "") + "\r\n"
          }.joined()
        }
      }
      var (sent, answered) = (0, 0)
      for number in 0..<2_000 {
        if Int.random(in: 0..<50) == 0 { cluster.tell(owners: [[0], [1], [0, 1], [1, 0]].randomElement() ?? [0]) }
        if Int.random(in: 0..<400) == 0 { cluster.masters.randomElement()?.say("?") }
        do throws(RedisError) {
          try client.submit(RedisCommand("GET", "\(number % 8)")) { _ in answered += 1 }
          sent += 1
        } catch {
          #expect(error == .unavailable || error == .busy)
        }
        if number % 20 == 0 { await loop.sleep(2) }
      }
      try #require(sent > 500 && client.counters.redirected > 20)
      let all = sent
      try await eventually(within: 15_000, on: loop) { answered == all }
      await loop.sleep(300)
      #expect(answered == all)
    }
  }

  @Test("tells one who took a cluster for one Redis which URL to write, once")
  func wrongScheme() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("-MOVED 5 10.0.0.1:7000\r\n".utf8) }
      var told: [RedisChange] = []
      let client = RedisClient(loop: loop, settings: fake.settings) { told.append($0) }
      client.start()
      try #require(await client.connected(within: 15_000))
      for _ in 0..<2 {
        let error = await #expect(throws: RedisError.self) { try await client.command(RedisCommand("GET", "a")) }
        #expect(error?.code == "MOVED")
      }
      let advice = told.filter { $0 == .leadsToCluster(fake.settings.address) }
      #expect(advice.count == 1 && advice[0].description.contains("redis+cluster://"))
      client.close()
      fake.close()
    }
  }

  @Test("tells one who took one Redis for a cluster which URL to write")
  func noCluster() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    let settings = try RedisSettings(url: "redis+cluster://127.0.0.1:\(redis.port)")
    try await onLoop { loop in
      var told: [RedisChange] = []
      let client = RedisClient(loop: loop, settings: settings) { told.append($0) }
      client.start()
      try await eventually(within: 15_000, on: loop) { !told.isEmpty }
      #expect(await client.connected(within: 300) == false)
      #expect(told.count == 1 && told[0].description.contains("write redis://"))
      #expect(client.send(RedisCommand("PING")) == false)
      client.close()
    }
  }
}
