import Synchronization
import Testing

@testable import IORuntime

/// Connections that are told something as one of a crowd.
@Suite struct CrowdTests {
  @Test(
    "what a crowd is told leaves after what others are told, and whoever is told something of his own has all first",
    arguments: [300, CrowdPace.vastAbove + 1])
  func crowd(of size: Int) async throws {
    try await withLoop { loop in
      let order = Arrivals()
      let pairs = try await order.pairs(40, on: loop)
      let clients = pairs.map(\.client.connection)
      try await loop.submit {
        loop.tellCrowd(of: size) { for client in clients.dropLast() { client.send("crowd ") } }
        #expect(clients.dropLast().allSatisfy { $0.queuedBytes == 6 })
        // The last is none of them; the one before has something of his own too.
        clients[38].send("own")
        clients[39].send("other")
        loop.tellCrowd(of: size) { clients[38].send(" and crowd") }
      }
      #expect(try await eventually { pairs.dropLast(2).allSatisfy { $0.server.text == "crowd " } })
      #expect(
        try await eventually { pairs[38].server.text == "crowd own and crowd" && pairs[39].server.text == "other" })
      #expect(pairs.allSatisfy { $0.server.seen.reads == 1 })
      #expect(Set(order.seen.prefix(2)) == [38, 39])
      #expect(order.seen.dropFirst(2) == Array(0..<38)[...])
      // Nobody is forgotten in the crowd: what comes next leaves too.
      try await loop.submit { loop.tellCrowd(of: size) { for client in clients { client.send("again") } } }
      #expect(try await eventually { pairs.allSatisfy { $0.server.text.hasSuffix("again") } })
    }
  }

  @Test("who is told in a vast crowd and in a smaller one has all at the earlier turn, in order and in one write")
  func twoCrowds() async throws {
    try await withLoop { loop in
      let order = Arrivals()
      let pairs = try await order.pairs(20, on: loop)
      let clients = pairs.map(\.client.connection)
      let vast = CrowdPace.vastAbove + 1
      try await loop.submit {
        loop.tellCrowd(of: vast) { for client in clients { client.send("vast ") } }
        loop.tellCrowd(of: vast - 1) { for client in clients.suffix(2) { client.send("and small ") } }
        loop.tellCrowd(of: vast) { for client in clients.suffix(3) { client.send("and vast") } }
        #expect(clients.allSatisfy { $0.isInCrowd })
      }
      #expect(try await eventually { pairs.allSatisfy { $0.server.text.hasPrefix("vast ") } })
      #expect(pairs.suffix(2).allSatisfy { $0.server.text == "vast and small and vast" })
      #expect(pairs[17].server.text == "vast and vast")
      #expect(pairs.allSatisfy { $0.server.seen.reads == 1 })
      #expect(order.seen.suffix(18) == Array(0..<18)[...])
      try await loop.submit { loop.tellCrowd(of: vast) { for client in clients { client.send("!") } } }
      #expect(try await eventually { pairs.allSatisfy { $0.server.text.hasSuffix("!") } })
    }
  }
}

/// Who was reached, in order.
private final class Arrivals: Sendable {
  private let state = Mutex<[Int]>([])
  var seen: [Int] { state.withLock { $0 } }
  func add(_ number: Int) { state.withLock { $0.append(number) } }

  /// So many pairs whose servers tell of being reached.
  func pairs(_ count: Int, on loop: EventLoop) async throws -> [Pair] {
    var pairs: [Pair] = []
    for number in 0..<count {
      pairs.append(try await Pair(on: loop, serve: { Recorder($0) { self.add(number) } }))
    }
    return pairs
  }
}
