import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("A subscriber of a cluster whose nodes send it on")
struct RedirectedSubscriberTests {
  private static func withCluster(
    _ body: @escaping @Sendable (FakeCluster, RedisSubscriber, Ear, EventLoop) async throws -> Void
  ) async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      let subscriber = RedisSubscriber(loop: loop, settings: cluster.settings)
      let ear = Ear()
      subscriber.attach(ear)
      subscriber.start()
      try await eventually(within: 15_000, on: loop) { subscriber.isConnected }
      try await body(cluster, subscriber, ear, loop)
      subscriber.close()
      cluster.close()
    }
  }

  private static func push(_ kind: String, _ channel: String, _ last: String) -> String {
    "*3\r\n$\(kind.utf8.count)\r\n\(kind)\r\n$\(channel.utf8.count)\r\n\(channel)\r\n\(last)"
  }

  private static func confirmation(_ channel: String) -> String { push("ssubscribe", channel, ":1\r\n") }

  @Test("sends the channels of one slot in one command, and knows by their order which of them was refused")
  func crossSlot() async throws {
    let (one, two) = (FakeCluster.key, FakeCluster.other)
    try await Self.withCluster { cluster, subscriber, ear, loop in
      var refusals = 0
      cluster.answer(0) { text in
        var answer = ""
        for command in text.components(of: "SSUBSCRIBE") {
          if command.contains(one), refusals == 0 {
            refusals += 1
            answer += "-CROSSSLOT Keys in request don't hash to the same slot\r\n"
          } else {
            answer += Self.confirmation(command.contains(one) ? one : two)
          }
        }
        return answer
      }
      subscriber.subscribe(one)
      subscriber.subscribe(two)
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [two] }
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [two, one] }
      #expect(subscriber.counters.refused == 1 && ear.interruptions == 0)
    }
  }

  @Test("subscribes at the master that a refusal names, when it is known")
  func moved() async throws {
    let (channel, slot) = (FakeCluster.key, FakeCluster.slot)
    try await Self.withCluster { cluster, subscriber, ear, loop in
      let other = cluster.address(1)
      cluster.answer(0) { _ in "-MOVED \(slot.number) \(other)\r\n" }
      cluster.answer(1) { _ in Self.confirmation(channel) }
      subscriber.subscribe(channel)
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [channel] }
      #expect(subscriber.counters.redirected == 1)
    }
  }

  @Test("asks again at a master that names itself in its refusal, as just after a failover")
  func movedToItself() async throws {
    let (channel, slot) = (FakeCluster.key, FakeCluster.slot)
    try await Self.withCluster { cluster, subscriber, ear, loop in
      let itself = cluster.address(0)
      var refusals = 0
      cluster.answer(0) { _ in
        refusals += 1
        return refusals <= 2 ? "-MOVED \(slot.number) \(itself)\r\n" : Self.confirmation(channel)
      }
      subscriber.subscribe(channel)
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [channel] }
      #expect(subscriber.counters.refused == 2 && ear.interruptions == 0)
    }
  }

  /// Older epochs are believed once everybody tells them; until then nothing is known to be well.
  @Test("asks on soon, and not in half a minute, when an answer is not believed")
  func notBelieved() async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      cluster.tell(epoch: 5)
      let subscriber = RedisSubscriber(loop: loop, settings: cluster.settings)
      let ear = Ear()
      subscriber.attach(ear)
      subscriber.start()
      try await eventually(within: 15_000, on: loop) { subscriber.isConnected }
      let channel = FakeCluster.key
      cluster.answer(0) { _ in "-MOVED \(FakeCluster.slot.number) 127.0.0.1:1\r\n" }
      cluster.answer(1) { _ in Self.confirmation(channel) }
      cluster.tell(epoch: 1)
      cluster.tell(owners: [1, 0])
      subscriber.subscribe(channel)
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [channel] }
      // A lost connection would have made it ask too.
      #expect(subscriber.counters.losses == 0)
      subscriber.close()
      cluster.close()
    }
  }

  @Test("never goes to a stranger that a refusal names, and asks again until the map is right")
  func foreign() async throws {
    let (channel, slot) = (FakeCluster.key, FakeCluster.slot)
    try await Self.withCluster { cluster, subscriber, ear, loop in
      let stranger = try FakeRedis(loop: loop) { _ in [] }
      let address = stranger.settings.address
      cluster.answer(0) { _ in "-MOVED \(slot.number) \(address)\r\n" }
      cluster.answer(1) { _ in Self.confirmation(channel) }
      subscriber.subscribe(channel)
      try await eventually(within: 15_000, on: loop) { subscriber.counters.refused >= 3 }
      #expect(ear.subscribed.isEmpty)
      cluster.tell(owners: [1, 0])
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [channel] }
      #expect(stranger.accepted == 0)
      stranger.close()
    }
  }

  @Test("follows a slot that is taken away, having told that its channels are interrupted; others are not")
  func takenAway() async throws {
    let (channel, slot, other) = (FakeCluster.key, FakeCluster.slot, FakeCluster.other)
    try await Self.withCluster { cluster, subscriber, ear, loop in
      for place in 0...1 {
        cluster.answer(place) { text in
          text.components(of: "SSUBSCRIBE").map { Self.confirmation($0.contains(channel) ? channel : other) }.joined()
        }
      }
      subscriber.subscribe(channel)
      subscriber.subscribe(other)
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 2 }
      ear.forget()
      cluster.masters[0].say(Self.push("sunsubscribe", "{never}x", ":1\r\n"))
      await loop.sleep(50)
      #expect(ear.interruptions == 0 && subscriber.isConnected)
      cluster.tell(owners: [1, 0])
      cluster.masters[0].say(Self.push("sunsubscribe", channel, ":1\r\n"))
      try await eventually(within: 15_000, on: loop) { ear.lost.first == .slots([slot]) }
      // The map that is asked for then moves the other one too.
      try await eventually(within: 15_000, on: loop) { Set(ear.subscribed) == [channel, other] }
      #expect(ear.lost == [.slots([slot]), .slots([HashSlot(of: other)])])
      #expect(cluster.heard(1).joined().contains(channel) && cluster.heard(1).joined().contains(other))
      #expect(subscriber.counters.losses == 0)
    }
  }

  @Test("tells which channels are interrupted when one master's connection ends")
  func lost() async throws {
    let channel = FakeCluster.key
    let far = "{a}"
    try await Self.withCluster { cluster, subscriber, ear, loop in
      cluster.answer(0) { _ in Self.confirmation(channel) }
      cluster.answer(1) { _ in Self.confirmation(far) }
      subscriber.subscribe(channel)
      subscriber.subscribe(far)
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 2 }
      ear.forget()
      cluster.masters[0].say("garbage\r\n")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == [channel] }
      #expect(ear.lost == [.slots([HashSlot(of: channel)])])
    }
  }
}

extension String {
  /// The parts that begin with a word.
  fileprivate func components(of word: String) -> [String] {
    var parts: [String] = []
    for line in split(separator: "\r\n") {
      if line == word[...] { parts.append("") } else if let last = parts.indices.last { parts[last] += line + " " }
    }
    return parts
  }
}
