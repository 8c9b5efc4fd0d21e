import IORuntime
import Testing

@testable import Node

@Suite("Where a node listens")
struct ListenerSettingTests {
  /// A bug once: a second node of the same user came in beside the first, as loops do, and took half of its clients.
  @Test("an address where another listens is named with the setting that asks for it")
  func taken() throws {
    try Self.withLoop { loop in
      let other = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let failure = #expect(throws: StartFailure.self) {
        try Listener.open(other.address, asSaidBy: "MARTLET_PROBE_LISTEN", on: loop, isFirst: true)
      }
      #expect(
        failure?.description
          == "MARTLET_PROBE_LISTEN: cannot listen at \(other.address) (bind: Address already in use).")
      other.close()
    }
  }

  @Test("the loops of a node share a port that the first has found free")
  func shared() throws {
    try Self.withLoop { loop in
      let any = ListenAddress(host: "127.0.0.1", port: 0)
      let both = try Listener.open(any, asSaidBy: "MARTLET_LISTEN", on: [loop, loop], tls: nil)
      #expect(both.count == 2 && both[0].address == both[1].address)
      for listener in both { listener.close() }
    }
  }

  private static func withLoop(_ body: (EventLoop) throws -> Void) throws {
    let group = try EventLoopGroup(count: 1)
    try group.start()
    defer {
      group.stop()
      group.join()
    }
    try body(group.loops[0])
  }
}
