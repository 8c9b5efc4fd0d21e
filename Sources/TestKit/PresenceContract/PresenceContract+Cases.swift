import ChatCore
import IORuntime
import MemoryAdapters

extension PresenceContract {
  /// All cases.
  public static let all: [Case] = [
    Case("who comes and goes is heard on the other node, and who asks is told when he was last there") { nodes in
      let (ada, bob) = (user(1), user(2))
      nodes.nodes[1].watch([ada, bob])
      try await nodes.hears(1, .offline, of: ada)
      nodes.nodes[0].arrived(ada)
      try await nodes.hears(1, .online, of: ada)
      try await nodes.says(1, .online, of: ada)
      nodes.nodes[0].left(ada)
      try await nodes.hears(1, .offline, of: ada)
      try await nodes.says(0, .offline, of: ada)
      let asked = await nodes.nodes[0].presence(of: [ada, bob]).sorted { $0.user < $1.user }
      try expect(asked.map(\.lastSeenAt).map { $0 != nil }, is: [true, false], "when they were last there")
      let now = WallClock().now.milliseconds
      try expect(abs((asked[0].lastSeenAt?.milliseconds ?? 0) - now) < 60_000, "it was now: \(asked)")
      try expect(nodes.ears[1].statuses(of: ada), is: [.offline, .online, .offline], "what was heard")
      try expect(nodes.ears[1].statuses(of: bob), is: [.offline], "of the other")
      try expect(nodes.ears[0].heard, is: [], "who watches nobody hears of nobody")
    },
    Case("who begins to watch hears how each is now, and nothing once he ends it") { nodes in
      let (ada, bob) = (user(3), user(4))
      nodes.nodes[0].arrived(ada)
      try await nodes.says(1, .online, of: ada)
      nodes.nodes[1].watch([ada, bob])
      try await nodes.hears(1, .online, of: ada)
      try await nodes.hears(1, .offline, of: bob)
      nodes.nodes[1].unwatch([ada])
      nodes.nodes[0].left(ada)
      nodes.nodes[0].arrived(bob)
      try await nodes.hears(1, .online, of: bob)
      try await nodes.says(1, .offline, of: ada)
      try expect(nodes.ears[1].statuses(of: ada), is: [.online], "what was heard")
    },
    Case("a user with several sessions is gone when the last is, on whichever node") { nodes in
      let (ada, mark) = (user(5), user(6))
      nodes.nodes[0].watch([ada, mark])
      nodes.nodes[0].arrived(ada)
      nodes.nodes[0].arrived(ada)
      nodes.nodes[1].arrived(ada)
      try await nodes.hears(0, .online, of: ada)
      nodes.nodes[0].left(ada)
      nodes.nodes[0].left(ada)
      try await pass(nodes, mark, heardOn: 0)
      try await nodes.says(0, .online, of: ada)
      nodes.nodes[1].left(ada)
      try await nodes.hears(0, .offline, of: ada)
      try expect(nodes.ears[0].statuses(of: ada).suffix(2), is: [.online, .offline], "what was heard")
    },
    Case("who comes back within the grace was never away, on this node or the other") { nodes in
      let (ada, mark) = (user(7), user(8))
      nodes.nodes[1].watch([ada, mark])
      nodes.nodes[0].arrived(ada)
      try await nodes.hears(1, .online, of: ada)
      let told = nodes.ears[1].statuses(of: ada).count
      nodes.nodes[0].left(ada)
      nodes.nodes[0].arrived(ada)
      nodes.nodes[0].left(ada)
      nodes.nodes[1].arrived(ada)
      try await pass(nodes, mark, heardOn: 1)
      try expect(nodes.ears[1].statuses(of: ada).count, is: told, "nothing more was heard")
      try await nodes.says(0, .online, of: ada)
    },
    Case("the users of a node that was killed are gone, but those who are on another") { nodes in
      let (ada, bob) = (user(9), user(10))
      nodes.nodes[1].watch([ada, bob])
      for user in [ada, bob] { nodes.nodes[0].arrived(user) }
      nodes.nodes[1].arrived(bob)
      try await nodes.hears(1, .online, of: ada)
      try await nodes.hears(1, .online, of: bob)
      nodes.kill(0)
      try await nodes.hears(1, .offline, of: ada)
      try await nodes.says(1, .offline, of: ada)
      try await nodes.says(1, .online, of: bob)
      try expect(nodes.ears[1].last(of: bob)?.status, is: .online, "who is on the other node")
    },
    Case("a node that leaves takes its users off before its lease runs out") { nodes in
      let ada = user(11)
      nodes.nodes[1].watch([ada])
      nodes.nodes[0].arrived(ada)
      try await nodes.hears(1, .online, of: ada)
      let left = EventLoop.monotonicMilliseconds()
      nodes.leave(0)
      try await nodes.hears(1, .offline, of: ada)
      let took = EventLoop.monotonicMilliseconds() - left
      try expect(took < times.lifetime, "it took \(took) ms")
    },
    Case("a herd that reconnects is told in batches, a few messages for thousands of users") { nodes in
      let herd = (0..<4_000).map { UserID(counter: 30_000 + Int64($0) / 4_096, bucket: Bucket(folding: UInt64($0))) }
      nodes.nodes[1].watch(herd)
      try await eventually(within: 20_000, on: nodes.loop) { nodes.ears[1].known.count == herd.count }
      let before = nodes.ears[1].batches
      for user in herd { nodes.nodes[0].arrived(user) }
      try await eventually(within: 20_000, on: nodes.loop) {
        nodes.ears[1].known.values.allSatisfy { $0 == .online }
      }
      let batches = nodes.ears[1].batches - before
      try expect(batches * 10 <= herd.count, "\(batches) messages for \(herd.count) users")
    },
  ]

  /// Waits until what was said before, and its grace, must have been heard: somebody comes and goes, told in order.
  private static func pass(_ nodes: PresenceUnderTest, _ mark: UserID, heardOn watcher: Int) async throws {
    nodes.nodes[0].arrived(mark)
    try await nodes.hears(watcher, .online, of: mark)
    nodes.nodes[0].left(mark)
    try await nodes.hears(watcher, .offline, of: mark)
  }

  private static func user(_ number: Int64) -> UserID {
    UserID(counter: 20_000 + number, bucket: Bucket(folding: UInt64(number) &* 977))
  }
}
