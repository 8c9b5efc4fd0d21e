import ChatCore
import IORuntime
import RedisBroker
import TestKit
import Testing

/// The model of Redis that the fleets live on keeps the contracts that the real adapters keep.
@Suite struct FleetModelTests {
  private static func wires(_ loop: EventLoop) async -> (RedisModel, [RedisWire]) {
    let redis = RedisModel(masters: 3, time: LoopTime(loop))
    let wires = [RedisWire(redis, seed: 1), RedisWire(redis, seed: 2)]
    while !wires.allSatisfy(\.isWhole) { await loop.sleep(5) }
    return (redis, wires)
  }

  @Test(arguments: BrokerContract.all)
  func `the broker's contract holds`(_ rule: BrokerContract.Case) async throws {
    try await onLoop { loop in
      let (redis, wires) = await Self.wires(loop)
      let brokers = wires.map { FleetBroker($0) }
      let under = BrokersUnderTest(loop: loop, brokers: brokers) { _ in
        for master in 0..<3 { redis.die(master) }
        loop.schedule(after: 30) { for master in 0..<3 { redis.promote(master) } }
      }
      try await rule.run(under)
    }
  }

  @Test(arguments: PresenceContract.all)
  func `the contract of presence holds`(_ rule: PresenceContract.Case) async throws {
    try await onLoop { loop in
      let (_, wires) = await Self.wires(loop)
      var limits = PresenceLimits()
      limits.times = PresenceContract.times
      limits.lookAgainAfter = 100
      let nodes = zip(["a", "b"], wires).map { FleetPresence($1, node: $0, limits: limits, seed: 7) }
      let under = PresenceUnderTest(
        loop: loop, nodes: nodes, kill: { nodes[$0].die() }, leave: { nodes[$0].leave {} })
      try await rule.run(under)
      for node in nodes { node.die() }
    }
  }

  @Test func `one master's end is told of its topics alone, and only they are followed anew`() async throws {
    try await onLoop { loop in
      let (redis, wires) = await Self.wires(loop)
      let ear = PartialEar()
      let broker = FleetBroker(wires[0])
      broker.attach(ear)
      let topics = (1...90).map { Topic.conversation(ConversationID(counter: 1, bucket: Bucket(folding: UInt64($0)))) }
      for topic in topics { broker.follow(topic) }
      try await eventually(within: 15_000, on: loop) { ear.following.count == topics.count }
      ear.following = []
      let owned = topics.filter { redis.owner(of: redis.slot(of: $0)) == 1 }
      redis.replicate(1)
      redis.die(1)
      redis.promote(1)
      try await eventually(within: 15_000, on: loop) { ear.following.count == owned.count }
      #expect(!owned.isEmpty && owned.count < topics.count)
      #expect(Set(ear.following) == Set(owned))
      for topic in topics { #expect(ear.lost.contains { $0.concerns(topic.bucket) } == owned.contains(topic)) }
      #expect(!ear.wasInterrupted)
    }
  }
}

private final class PartialEar: BrokerReceiver {
  var following: [Topic] = []
  private(set) var lost: [Interruption] = []
  private(set) var wasInterrupted = false

  func received(_ entries: [Entry]) {}
  func received(_ signal: Signal) {}
  func following(_ topic: Topic) { following.append(topic) }
  func interrupted(_ interruption: Interruption) {
    if interruption == .whole { wasInterrupted = true } else { lost.append(interruption) }
  }
}
