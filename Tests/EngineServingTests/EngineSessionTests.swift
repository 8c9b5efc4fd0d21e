import Client
import EngineIO
import EngineServing
import HTTP1
import IORuntime
import Serving
import Synchronization
import TestKit
import Testing
import WebSocket

/// Sessions over real sockets, on two loops.
@Suite(.serialized) struct EngineSessionTests {
  private static func stage() async throws -> EngineStage {
    let policy = CrossOriginPolicy(origins: .listed(["https://chat.example"]), allowsCredentials: true)
    return try await EngineStage([
      "/a/": EngineDoorSettings(crossOrigin: policy, mount: "a"),
      "/b/": EngineDoorSettings(mount: "b", assumesPolling: true),
    ])
  }

  /// What has come by a WebSocket.
  private final class Heard: @unchecked Sendable {
    var texts: [String] = []
  }

  private static func connect(
    _ loop: EventLoop, _ address: SocketAddress, _ query: String, _ heard: Heard
  ) async throws -> SocketClient {
    try await SocketClient.open(
      loop: loop, address: address, path: "/a/?EIO=4&transport=websocket\(query)",
      callbacks: .init(message: { heard.texts.append(String(decoding: $0, as: UTF8.self)) }, closed: { _, _ in }))
  }

  @Test func `what is the same for many goes as one frame by a WebSocket, and as its bytes by polling`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let heard = Heard()
      let client = PollingClient(loop, stage.addresses[0])
      let sid = try await client.open()
      let socket = try await Self.connect(loop, stage.addresses[0], "", heard)
      try await eventually(within: 20_000, on: loop) { stage.sessions.count == 2 }
      let framed = Atomic<Int>(0)
      try await stage.loops[0].submit {
        for session in stage.sessions {
          session.send(text: Array("many".utf8)) {
            framed.add(1, ordering: .relaxed)
            return FrameWriter.frame(.text, Array("4many".utf8))
          }
        }
      }
      #expect(try await client.poll(sid) == "4many")
      try await eventually(within: 20_000, on: loop) { heard.texts.contains("4many") }
      #expect(framed.load(ordering: .relaxed) == 1)
      socket.close()
    }
  }

  @Test func `frames may go straight by a WebSocket of the session's loop, once it is open for the client`()
    async throws
  {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let heard = Heard()
      _ = try await PollingClient(loop, stage.addresses[0]).open()
      let socket = try await Self.connect(loop, stage.addresses[0], "", heard)
      try await eventually(within: 20_000, on: loop) { stage.sessions.count == 2 }
      let (polling, session) = (stage.sessions[0], stage.sessions[1])
      #expect(try await stage.loops[0].submit { polling.socket == nil })
      // The packet that opens the session is held back for a moment, and everything behind it.
      try await eventually(within: 20_000, on: loop) { heard.texts.first?.hasPrefix("0{") == true }
      try await stage.loops[0].submit {
        session.send(text: Array("1".utf8))
        let straight = session.socket?.queue(frame: FrameWriter.frame(.text, Array("42".utf8)))
        #expect(straight == session.queuedBytes)
        session.send(text: Array("3".utf8))
        session.close()
        #expect(session.socket == nil)
      }
      try await eventually(within: 20_000, on: loop) { heard.texts.count == 4 }
      #expect(heard.texts.dropFirst() == ["41", "42", "43"])
      socket.cut()
    }
  }

  /// A session of the first loop whose WebSocket is of the second.
  private static func upgradeElsewhere(
    _ stage: EngineStage, _ loop: EventLoop
  ) async throws -> (session: EngineSession, socket: SocketClient) {
    let heard = Heard()
    let sid = try await PollingClient(loop, stage.addresses[0]).open()
    let session = try #require(stage.sessions.first)
    let socket = try await Self.connect(loop, stage.addresses[1], "&sid=\(sid)", heard)
    socket.send("2probe")
    try await eventually(within: 20_000, on: loop) { heard.texts.contains("3probe") }
    socket.send("5")
    #expect(try await Self.reach(stage, loop) { $0.webSockets == 1 })
    return (session, socket)
  }

  @Test func `frames do not go straight by a WebSocket of another loop`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let (session, socket) = try await Self.upgradeElsewhere(stage, loop)
      #expect(try await stage.loops[0].submit { session.isOnSocket && session.socket == nil })
      socket.cut()
    }
  }

  @Test func `the next ping comes after the interval, however long the answer to the last might have taken`()
    async throws
  {
    let limits = EngineLimits(pingInterval: 20, pingTimeout: 600_000)
    let stage = try await EngineStage(["/a/": EngineDoorSettings(limits: limits, mount: "a")])
    try await onLoop { loop in
      let client = PollingClient(loop, stage.addresses[0])
      let sid = try await client.open()
      for _ in 0..<3 {
        #expect(try await client.poll(sid) == "2")
        #expect(try await client.post(sid, "3") == "ok")
      }
    }
  }

  @Test func `a session is found only through the mount that opened it, on whatever loop`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let sid = try await PollingClient(loop, stage.addresses[0]).open()
      for address in stage.addresses {
        let stranger = try await PollingClient(loop, address, path: "/b/").get("&transport=polling&sid=\(sid)")
        #expect(stranger.status == 400)
        #expect(stranger.body.contains("Session ID unknown"))
      }
      let session = try #require(stage.sessions.first)
      try await stage.loops[0].submit { session.send(text: Array("hello".utf8)) }
      #expect(try await PollingClient(loop, stage.addresses[1]).poll(sid) == "4hello")
    }
  }

  @Test func `a request that names no transport is a poll only where that is asked for`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      #expect(try await PollingClient(loop, stage.addresses[0], path: "/b/").get("").status == 200)
      let strict = try await PollingClient(loop, stage.addresses[0]).get("")
      #expect(strict.status == 400)
      #expect(strict.body.contains("Transport unknown"))
    }
  }

  @Test func `pages of listed origins may come with credentials, others may not, and no cookie is set`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let client = PollingClient(loop, stage.addresses[0])
      let listed = try await client.get("&transport=polling", headers: ["Origin": "https://chat.example"]).reply
      #expect(listed.status == 200)
      #expect(listed.headers["access-control-allow-origin"] == "https://chat.example")
      #expect(listed.headers["access-control-allow-credentials"] == "true")
      #expect(!listed.headers.contains("set-cookie"))
      let other = try await client.get("&transport=polling", headers: ["Origin": "https://evil.example"]).reply
      #expect(other.status == 400)
      #expect(other.headers["access-control-allow-origin"] == nil)
      #expect(other.headers["access-control-allow-credentials"] == nil)
    }
  }

  @Test func `sessions and polls are counted on their loop and are none when all is over`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let heard = Heard()
      let sid = try await PollingClient(loop, stage.addresses[0]).open()
      let session = try #require(stage.sessions.first)
      // The poll and the WebSocket come to the other loop.
      async let poll = PollingClient(loop, stage.addresses[1]).poll(sid)
      #expect(try await Self.reach(stage, loop) { $0.polling == 1 && $0.polls == 1 && $0.opened == 1 })
      let socket = try await Self.connect(loop, stage.addresses[1], "&sid=\(sid)", heard)
      socket.send("2probe")
      #expect(try await poll == "6")
      try await eventually(within: 20_000, on: loop) { heard.texts.contains("3probe") }
      socket.send("5")
      #expect(try await Self.reach(stage, loop) { $0.polling == 0 && $0.webSockets == 1 && $0.polls == 0 })
      try await stage.loops[0].submit { session.close() }
      #expect(try await Self.reach(stage, loop) { $0.webSockets == 0 && $0.upgrades == 1 })
      #expect(try await stage.counts(0).closed == [.closedHere: 1])
      #expect(try await stage.counts(1) == EngineCounts())
      #expect(stage.directory.count == 0)
      socket.cut()
    }
  }

  private static func reach(
    _ stage: EngineStage, _ loop: EventLoop, _ isSo: (EngineCounts) -> Bool
  ) async throws -> Bool {
    for _ in 0..<4_000 {
      if isSo(try await stage.counts(0)) { return true }
      await loop.sleep(5)
    }
    return false
  }

  @Test func `what a client does not fetch can be dropped, so that it hears the end first`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let client = PollingClient(loop, stage.addresses[0])
      let sid = try await client.open()
      let session = try #require(stage.sessions.first)
      try await stage.loops[0].submit {
        for _ in 0..<100 { session.send(text: Array("old".utf8)) }
        #expect(session.queuedBytes == 400)
        session.dropQueue()
        #expect(session.queuedBytes == 0)
        session.send(text: Array("end".utf8))
        session.close()
      }
      #expect(try await client.poll(sid) == "4end\u{1E}1")
    }
  }

  @Test func `what waits on a WebSocket of another loop is known to its session`() async throws {
    let stage = try await Self.stage()
    try await onLoop { loop in
      let (session, socket) = try await Self.upgradeElsewhere(stage, loop)
      socket.pauseReading()
      // More than the kernels hold between the two, less than ends the session.
      let text = [UInt8](repeating: 0x61, count: 64 * 1024)
      var waiting = 0
      for _ in 0..<200 where waiting < 200_000 {
        waiting = try await stage.loops[0].submit {
          session.send(text: text)
          return session.queuedBytes
        }
        await loop.sleep(1)
        waiting = try await stage.loops[0].submit { session.queuedBytes }
      }
      #expect(waiting >= 200_000)
      socket.resumeReading()
      var left = waiting
      for _ in 0..<4_000 where left > 0 {
        await loop.sleep(5)
        left = try await stage.loops[0].submit { session.queuedBytes }
      }
      #expect(left == 0)
      socket.cut()
    }
  }
}
