import IORuntime
import Synchronization
import TestKit
import Testing

@testable import Redis

/// What happens to a real cluster; the rows F12 to F14 of reliability.md as far as this module goes.
@Suite("A Redis cluster that is hurt")
struct ClusterFaultTests {
  /// A client and a subscriber with one channel in each of 64 slots, all confirmed.
  private struct Parts: @unchecked Sendable {
    let cluster: PrivateRedisCluster
    let client: RedisClient
    let subscriber: RedisSubscriber
    let ear: Ear
    let loop: EventLoop
    let channels = (0..<64).map { "{t\($0)}c" }

    func channels(of master: PrivateRedis) -> Set<String> {
      Set(channels.filter { client.master(of: $0)?.port == master.port })
    }

    /// What Redis says: how many heard it; nil when it was not published.
    func publish(_ text: String, on channel: String, deadline: Int64 = 10_000) async -> Int64? {
      try? await client.command(RedisCommand("SPUBLISH", channel, text), deadline: deadline).integer
    }

    func isHealed() async -> Bool {
      for channel in channels where await publish("?", on: channel, deadline: 1_000) != 1 { return false }
      return true
    }

    /// Until one master has taken the other's place in the client's map, and each channel is heard: the old one goes on
    /// as it was until it hears of its heir.
    func found(_ heir: PrivateRedis, insteadOf old: PrivateRedis) async throws {
      let begin = EventLoop.monotonicMilliseconds()
      while true {
        let ports = Set(client.masters.map(\.address.port))
        if await isHealed(), ports.contains(heir.port), !ports.contains(old.port) { return }
        // A replica takes and passes on messages for its master; it is other commands that it sends on.
        for channel in channels { client.send(RedisCommand("SET", channel, "1")) }
        try #require(EventLoop.monotonicMilliseconds() - begin < 30_000, "the heir was not found")
        await loop.sleep(20)
      }
    }

    /// Until each channel is heard again; gives the milliseconds.
    @discardableResult
    func healed(within limit: Int64) async throws -> Int64 {
      let begin = EventLoop.monotonicMilliseconds()
      while await !isHealed() {
        try #require(EventLoop.monotonicMilliseconds() - begin < limit, "not healed in time")
        await loop.sleep(20)
      }
      return EventLoop.monotonicMilliseconds() - begin
    }
  }

  private static func withParts(_ body: @escaping @Sendable (Parts) async throws -> Void) async throws {
    try await RedisKind.cluster.play { redis in
      try await withParts(of: try #require(redis as? PrivateRedisCluster), body)
    }
  }

  private static func withParts(
    of cluster: PrivateRedisCluster, _ body: @escaping @Sendable (Parts) async throws -> Void
  ) async throws {
    var settings = try RedisSettings(url: cluster.url)
    // Being sent on may take a busy machine longer than a request would wait.
    settings.redirectPatience = 5_000
    try await onLoop { [settings] loop in
      let ear = Ear()
      let client = RedisClient(loop: loop, settings: settings)
      let parts = Parts(
        cluster: cluster, client: client,
        subscriber: RedisSubscriber(loop: loop, settings: settings, beside: client), ear: ear, loop: loop)
      parts.subscriber.attach(ear)
      for channel in parts.channels { parts.subscriber.subscribe(channel) }
      parts.subscriber.start()
      parts.client.start()
      try #require(await parts.client.connected(within: 15_000))
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == parts.channels.count }
      ear.forget()
      try await body(parts)
      parts.subscriber.close()
      parts.client.close()
    }
  }

  @Test("loses one master: the channels of the others go on, its own are interrupted and come back by its replica")
  func killed() async throws {
    try await Self.withParts { parts in
      let dead = try await parts.cluster.masters()[0]
      let hit = parts.channels(of: dead)
      try #require(!hit.isEmpty && hit.count < parts.channels.count)
      dead.kill9()
      let begin = EventLoop.monotonicMilliseconds()
      try await eventually(within: 15_000, on: parts.loop) { parts.ear.interruptions == 1 }
      #expect(parts.ear.lost == [.slots(Set(hit.map { HashSlot(of: $0) }))])
      for channel in parts.channels where !hit.contains(channel) {
        #expect(parts.client.isConnected(for: channel))
        #expect(await parts.publish("on", on: channel) == 1)
      }
      for channel in hit { #expect(!parts.client.isConnected(for: channel)) }
      // How long the servers take is theirs: on a starved machine they may need a second election.
      try await parts.cluster.waitUntilServing()
      try await parts.healed(within: 15_000)
      #expect(Set(parts.ear.subscribed) == hit)
      #expect(parts.client.masters.count == 3 && parts.client.isConnected)
      print("a dead master's channels are heard again after \(EventLoop.monotonicMilliseconds() - begin) ms")
    }
  }

  @Test("is resharded while messages are published: each one that somebody received is heard")
  func resharded() async throws {
    try await Self.withParts { parts in
      let masters = try await parts.cluster.masters()
      let (from, to) = (masters[0], masters[1])
      // The slots that move are those of some channels: their master keeps but a few others.
      let moving = Task { try await parts.cluster.reshard(4_000, from: from, to: to) }
      var received = 0
      var failed = 0
      var number = 0
      let isOver = Mutex(false)
      let watcher = Task {
        defer { isOver.withLock { $0 = true } }
        try await moving.value
      }
      while !isOver.withLock(\.self) {
        for channel in parts.channels {
          number += 1
          switch await parts.publish("\(number)", on: channel) {
          case .some(let count) where count > 0: received += 1
          case .some: break
          case nil: failed += 1
          }
        }
      }
      try await watcher.value
      try await parts.healed(within: 15_000)
      let heard = Set(parts.ear.messages.map(\.payload)).subtracting(["?"]).count
      print("\(number) published while slots moved: \(failed) failed, \(number - received - failed) unheard")
      #expect(heard >= received)
      #expect(failed == 0)
      #expect(!parts.ear.lost.contains(.all) && !parts.ear.lost.isEmpty)
      #expect(parts.subscriber.counters.losses == 0)
      try await parts.cluster.reshard(4_000, from: to, to: from)
    }
  }

  @Test("has its listening connections closed: each master's channels are told once, and all come back")
  func killedListeners() async throws {
    try await Self.withParts { parts in
      for _ in 0..<3 {
        try await parts.cluster.killPubSubClients()
        try await parts.healed(within: 15_000)
      }
      #expect(parts.ear.interruptions == 9 && !parts.ear.lost.contains(.all))
    }
  }

  @Test("has a stopped master: what the others have is answered within 200 ms, and all heals")
  func stopped() async throws {
    try await Self.withParts { parts in
      let master = try await parts.cluster.masters()[2]
      let hit = parts.channels(of: master)
      master.stop()
      var slowest: Int64 = 0
      let begin = EventLoop.monotonicMilliseconds()
      while EventLoop.monotonicMilliseconds() - begin < 1_500 {
        for channel in parts.channels {
          if hit.contains(channel) {
            parts.client.send(RedisCommand("SPUBLISH", channel, "?"))
            continue
          }
          let (start, starved) = (Stopwatch.now, Starvation.waited())
          #expect(await parts.publish("?", on: channel) == 1)
          slowest = max(slowest, (Stopwatch.now - start - (Starvation.waited() - starved)) / 1_000)
        }
        await parts.loop.sleep(10)
      }
      #expect(slowest < 200)
      try await parts.cluster.waitUntilServing()
      try await parts.healed(within: 20_000)
      master.cont()
      try await parts.cluster.waitUntilWhole()
      try await parts.healed(within: 20_000)
    }
  }

  @Test("changes masters in agreement: a command is sent on, and nothing stays behind")
  func failover() async throws {
    // One that no other test has hurt: there the servers went back to the old master by themselves, seen in CLUSTER
    // NODES, and the client with them.
    let cluster = try await PrivateRedisCluster.start()
    defer { cluster.end() }
    try await Self.withParts(of: cluster) { parts in
      let master = try await parts.cluster.masters()[0]
      let replicas = try await parts.cluster.replicas(of: master)
      let heir = try #require(replicas.first)
      try await parts.cluster.failover(heir)
      try await parts.found(heir, insteadOf: master)
      try await parts.cluster.failover(master)
      try await parts.found(master, insteadOf: heir)
    }
  }

  @Test("speaks TLS and asks for a password on every connection")
  func secured() async throws {
    let cluster = try await PrivateRedisCluster.start(password: "open sesame", tls: true)
    defer { cluster.end() }
    var settings = try RedisSettings(url: cluster.url.replacing("open sesame", with: "open%20sesame"))
    settings.authorityFile = cluster.authorityFile
    settings.clientName = "ada"
    try await onLoop { [settings] loop in
      let client = RedisClient(loop: loop, settings: settings)
      let subscriber = RedisSubscriber(loop: loop, settings: settings)
      let ear = Ear()
      subscriber.attach(ear)
      client.start()
      subscriber.start()
      try #require(await client.connected(within: 15_000))
      for number in 0..<30 {
        subscriber.subscribe("{k\(number)}")
        #expect(try await client.command(RedisCommand("SET", "{k\(number)}", "\(number)")) == .status("OK"))
      }
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 30 }
      #expect(client.masters.count == 3)
      client.close()
      subscriber.close()
      var wrong = settings
      wrong.password = "nope"
      let refused = RedisClient(loop: loop, settings: wrong)
      refused.start()
      try await eventually(within: 15_000, on: loop) { refused.counters.lastError != nil }
      #expect(refused.counters.lastError?.code == "WRONGPASS")
      #expect(await refused.connected(within: 500) == false)
      refused.close()
    }
  }
}
