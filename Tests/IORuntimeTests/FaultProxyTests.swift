import IORuntime
import Testing
import TestKit

@Suite("The fault proxy")
struct FaultProxyTests {
  /// An echo server behind a proxy, and a client in front.
  private static func withScene(_ body: (FaultProxy, Recorder, Box<[Recorder]>) async throws -> Void) async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let servers = Box<[Recorder]>([])
      try await loop.submit { try listener.start { servers.value.append(Recorder($0, echoes: true)) } }
      let proxy = try FaultProxy(to: listener.address)
      defer { proxy.stop() }
      let client = Box<Recorder?>(nil)
      try await loop.submit {
        loop.connect(to: proxy.address, deadline: 5_000) { client.value = try? Recorder($0.get()) }
      }
      #expect(try await eventually { client.value != nil && servers.value.count == 1 })
      guard let made = client.value else { throw ConnectError.timedOut }
      try await body(proxy, made, servers)
    }
  }

  /// Returns when the proxy has taken what the client was asked to send: a loop first reads and then does what it is
  /// asked, so that in the tick after the next all has been read that had left by then.
  private static func untilTaken(_ client: Recorder, _ proxy: FaultProxy) async throws {
    try await client.act { #expect($0.queuedBytes == 0) }
    _ = try await proxy.openConnections()
    _ = try await proxy.openConnections()
  }

  @Test("passes bytes and both ends on")
  func passes() async throws {
    try await Self.withScene { proxy, client, servers in
      try await client.act { connection in
        connection.send([UInt8](repeating: 5, count: 3 << 20))
        connection.shutdownWrite()
      }
      #expect(try await eventually { client.seen.count == 3 << 20 })
      #expect(try await eventually { client.seen.ended == [.closedHere] })
      #expect(servers.value[0].seen.ended == [.closedByPeer])
    }
  }

  @Test("delays by the time asked for, one way")
  func delays() async throws {
    try await Self.withScene { proxy, client, servers in
      try await proxy.set(.delay(milliseconds: 400), .toClient)
      let start = EventLoop.monotonicMilliseconds()
      try await client.act { $0.send("x") }
      #expect(try await eventually { client.seen.count == 1 })
      #expect(EventLoop.monotonicMilliseconds() - start >= 400)
      // Longer than is waited for, so that what comes in time has not been delayed.
      try await proxy.set(.delay(milliseconds: 600_000), .toClient)
      try await client.act { $0.send("y") }
      #expect(try await eventually { servers.value[0].text == "xy" })
      #expect(client.seen.count == 1)
    }
  }

  @Test("swallows, dribbles, freezes and thaws")
  func faults() async throws {
    try await Self.withScene { proxy, client, servers in
      try await proxy.set(.blackHole, .toServer)
      try await client.act { $0.send("lost") }
      try await Self.untilTaken(client, proxy)
      try await Task.sleep(for: .milliseconds(30))
      #expect(servers.value[0].seen.count == 0)
      try await proxy.set(.dribble(bytes: 1, everyMilliseconds: 5), .toServer)
      try await client.act { $0.send("abcd") }
      #expect(try await eventually { client.text == "abcd" })
      #expect(servers.value[0].seen.reads > 1)
      try await proxy.set(.frozen)
      try await client.act { $0.send("later") }
      try await Task.sleep(for: .milliseconds(30))
      #expect(client.text == "abcd")
      try await proxy.set(.none)
      #expect(try await eventually { client.text == "abcdlater" })
    }
  }

  @Test("cuts both sides, or leaves the server half open, and refuses")
  func cuts() async throws {
    try await Self.withScene { proxy, client, servers in
      try await proxy.halfOpen()
      #expect(try await eventually { client.seen.ended.count == 1 })
      try await Task.sleep(for: .milliseconds(30))
      #expect(servers.value[0].seen.ended == [])
      try await proxy.cut()
      #expect(try await eventually { servers.value[0].seen.ended.count == 1 })
      try await proxy.refuse(true)
      let socket = try PlainSocket(to: proxy.address)
      defer { socket.close() }
      #expect(socket.read() == [])
    }
  }
}
