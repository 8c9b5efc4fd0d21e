import Client
import EngineIO
import EngineServing
import HTTP1
import IORuntime
import Serving
import TestKit
import Testing
import WebSocket

@testable import Peering

@Suite("A WebSocket whose session is on another node", .serialized, .timeLimit(.minutes(1)))
struct TunnelTests {
  /// A session that was opened at `owner`, gone over to a WebSocket through `door`.
  private static func upgrade(
    _ loop: EventLoop, owner: StageNode, door: StageNode, _ heard: Heard
  ) async throws -> SocketClient {
    let sid = try await HTTPClient(loop: loop, address: owner.address).open()
    let socket = try await open(loop, sid, door, heard)
    socket.send("2probe")
    try await eventually(within: 20_000, on: loop) { heard.texts == ["3probe"] }
    socket.send("5")
    socket.send("4here")
    try await eventually(within: 20_000, on: loop) { heard.texts == ["3probe", "4here"] }
    return socket
  }

  private static func open(
    _ loop: EventLoop, _ sid: String, _ door: StageNode, _ heard: Heard
  ) async throws(CallFailure) -> SocketClient {
    try await SocketClient.open(
      loop: loop, address: door.address, path: "\(PeerStage.path)?EIO=4&transport=websocket&sid=\(sid)",
      callbacks: heard.callbacks)
  }

  @Test("carries messages both ways, large ones too, and its end is the session's")
  func both() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, owner) = (stage.nodes[0], stage.nodes[1])
      let heard = Heard()
      let socket = try await Self.upgrade(loop, owner: owner, door: door, heard)
      let seen1 = try await door.counts().tunnels
      #expect(seen1 == 1)
      let large = String(repeating: "x", count: 60_000)
      for number in 0..<40 { socket.send("4\(number) \(number % 8 == 0 ? large : "small")") }
      try await eventually(within: 20_000, on: loop) { heard.texts.count == 42 }
      let numbers = heard.texts.dropFirst(2).map { $0.dropFirst().prefix { $0 != " " } }
      #expect(numbers == (0..<40).map { "\($0)"[...] })
      #expect(heard.texts.last?.utf8.count == "439 small".utf8.count)
      socket.close()
      try await eventually(within: 20_000, on: loop) { owner.directory.count == 0 && heard.end != nil }
      try await untilNoTunnels(door)
      let counts = try await door.counts()
      #expect(counts.forwarded == [.answered: 1])
      #expect(counts.connections == 0)
    }
  }

  @Test("the owner's close and his death reach the client")
  func owners() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, owner) = (stage.nodes[0], stage.nodes[1])
      let polite = Heard()
      let first = try await Self.upgrade(loop, owner: owner, door: door, polite)
      first.send("4bye")
      try await eventually(within: 20_000, on: loop) { polite.end == 1_000 }
      let cut = Heard()
      _ = try await Self.upgrade(loop, owner: owner, door: door, cut)
      try await owner.die()
      try await eventually(within: 20_000, on: loop) { cut.end == 1_006 }
      try await untilNoTunnels(door)
    }
  }

  @Test("a client who is cut is gone for the owner")
  func cut() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, owner) = (stage.nodes[0], stage.nodes[1])
      let socket = try await Self.upgrade(loop, owner: owner, door: door, Heard())
      socket.cut()
      try await eventually(within: 20_000, on: loop) { owner.directory.count == 0 }
      try await untilNoTunnels(door)
    }
  }

  @Test("the owner's refusal is the client's, and without an owner the session is unknown")
  func refused() async throws {
    let stage = try await PeerStage()
    stage.list("dead", at: try deadAddress())
    try await onLoop { loop in
      let door = stage.nodes[0]
      for sid in ["b.gone", "dead.x", "nobody.x"] {
        do throws(CallFailure) {
          _ = try await Self.open(loop, sid, door, Heard())
          Issue.record("\(sid) was let in")
        } catch {
          #expect(error.description.contains("refused with 400"), "\(error)")
          #expect(error.description.contains("Session ID unknown"), "\(error)")
        }
      }
      try await untilNoTunnels(door)
      let counts = try await door.counts()
      #expect(counts.forwarded == [.answered: 1, .unreachable: 1, .unknown: 1])
    }
  }

  @Test("who does not read stops the other side, and no queue grows")
  func backpressure() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, owner) = (stage.nodes[0], stage.nodes[1])
      let heard = Heard()
      let socket = try await Self.upgrade(loop, owner: owner, door: door, heard)
      socket.pauseReading()
      // The kernel's buffers fill, then the owner's queue, whose own limit on a slow reader ends the session. A tunnel
      // that read on would end first, at its connection's limit.
      let large = "4" + String(repeating: "x", count: 500_000)
      for _ in 0..<400 where owner.directory.count > 0 {
        socket.send(large)
        await loop.sleep(5)
      }
      // Told on the owner's loop, after the session has left the directory.
      try await eventually(within: 20_000, on: loop) { owner.directory.count == 0 && !owner.ends.isEmpty }
      #expect(owner.ends == [.overflow])
      socket.cut()
      try await untilNoTunnels(door)
    }
  }

  @Test("a node that leaves ends its tunnels and lets no new one in; its clients poll on")
  func leaving() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, owner) = (stage.nodes[0], stage.nodes[1])
      let heard = Heard()
      _ = try await Self.upgrade(loop, owner: owner, door: door, heard)
      try await door.loop.submit { door.client?.leave(over: 50) }
      try await eventually(within: 20_000, on: loop) { heard.end == 1_006 }
      let sid = try await HTTPClient(loop: loop, address: owner.address).open()
      await #expect(throws: CallFailure.self) { _ = try await Self.open(loop, sid, door, Heard()) }
      let poller = HTTPClient(loop: loop, address: door.address)
      let seen2 = try await poller.engine(sid, post: "4on").text
      #expect(seen2 == "ok")
      let seen3 = try await poller.engine(sid).text
      #expect(seen3 == "4on")
    }
  }
}

private func untilNoTunnels(_ node: StageNode) async throws {
  for _ in 0..<1_000 {
    let counts = try await node.counts()
    if counts.tunnels == 0 && counts.connections == 0 { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw CallFailure("it never happened")
}

/// An address of this machine at which nobody listens any more.
func deadAddress() throws -> SocketAddress {
  let loop = try EventLoop(name: "nobody")
  let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
  listener.close()
  return listener.address
}

/// What a client has heard; on its loop.
private final class Heard: @unchecked Sendable {
  private(set) var texts: [String] = []
  private(set) var end: UInt16?

  var callbacks: SocketClient.Callbacks {
    .init(
      message: { [self] in texts.append(String(decoding: $0, as: UTF8.self)) }, closed: { [self] code, _ in end = code }
    )
  }
}
