import TestKit
import Testing

@Suite("The Redis cluster of the tests")
struct PrivateRedisClusterTests {
  @Test("serves all slots, replaces a dead master, takes it back, moves slots, and lets a replica take over")
  func changes() async throws {
    let begin = Stopwatch.now
    let cluster = try await PrivateRedisCluster.start()
    defer { cluster.end() }
    print("a Redis cluster is whole after \((Stopwatch.now - begin) / 1_000) ms")
    #expect(try await cluster.masters().map(\.port) == cluster.nodes.prefix(3).map(\.port))
    let dead = try await cluster.master(ofSlot: 0)
    let replicas = try await cluster.replicas(of: dead)
    #expect(replicas.map(\.port) == [cluster.nodes[3].port])

    dead.kill9()
    let killed = Stopwatch.now
    try await cluster.waitUntilServing()
    print("a dead master is replaced after \((Stopwatch.now - killed) / 1_000) ms")
    let heir = try await cluster.master(ofSlot: 0)
    #expect(heir === cluster.nodes[3])
    let again = Stopwatch.now
    try await cluster.heal()
    print("it is whole \((Stopwatch.now - again) / 1_000) ms after the dead one was started")
    let returned = try await cluster.replicas(of: heir)
    #expect(returned.map(\.port) == [dead.port])

    let moving = Stopwatch.now
    try await cluster.reshard(500, from: heir, to: cluster.nodes[1])
    print("500 slots were moved in \((Stopwatch.now - moving) / 1_000) ms")
    let owner = try await cluster.master(ofSlot: 0)
    #expect(owner === cluster.nodes[1])
    try await cluster.failover(dead)
    let masters = try await cluster.masters()
    #expect(masters.contains { $0 === dead })
    try await cluster.waitUntilWhole()
  }

  @Test("knows passwords and TLS")
  func entrances() async throws {
    let cluster = try await PrivateRedisCluster.start(password: "open", tls: true)
    defer { cluster.end() }
    #expect(cluster.url.hasPrefix("rediss+cluster://:open@127.0.0.1:"))
    try await cluster.flush()
    try await cluster.restart()
    #expect(try await cluster.masters().count == 3)
  }
}
