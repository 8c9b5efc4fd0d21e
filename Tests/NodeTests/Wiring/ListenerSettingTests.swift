import IORuntime
import Testing

@testable import Node

@Suite("Where a node listens")
struct ListenerSettingTests {
  @Test("an address that is taken is named with the setting that asks for it")
  func taken() throws {
    let group = try EventLoopGroup(count: 1)
    try group.start()
    defer {
      group.stop()
      group.join()
    }
    var alone = ListenerOptions()
    alone.reusePort = false
    let first = try Listener(loop: group.loops[0], address: .ip(host: "127.0.0.1", port: 0), options: alone)
    let failure = #expect(throws: StartFailure.self) {
      try Listener.open(first.address, asSaidBy: "MARTLET_PROBE_LISTEN", on: group.loops[0])
    }
    #expect(
      failure?.description
        == "MARTLET_PROBE_LISTEN: cannot listen at \(first.address) (bind: Address already in use).")
    first.close()
  }
}
