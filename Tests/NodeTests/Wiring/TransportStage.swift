import ChatCore
import Delivery
import EngineIO
import IORuntime
import MemoryAdapters
import Realtime
import SocketIO
import TestKit

@testable import EngineServing
@testable import Node

/// One client of Socket.IO that polls, his transport and the native door behind it, without a network.
///
/// - Isolation: one loop.
final class TransportStage {
  let loop: EventLoop
  let gate = HeldGate()
  let door: RealtimeDoor
  let session: EngineSession
  let transport: SocketIOTransport
  let inFlightMax: Int
  let room: Int64
  /// The packets of Socket.IO that he has fetched.
  private(set) var heard: [String] = []
  private let client: SocketIOClient
  private let hub: Hub

  static func play(_ story: @escaping @Sendable (TransportStage) async throws -> Void) async throws {
    try await onLoop { loop in
      let stage = try await TransportStage(loop)
      try await story(stage)
      stage.gate.open()
      stage.session.close()
      stage.hub.stop()
    }
  }

  private init(_ loop: EventLoop) async throws {
    self.loop = loop
    let node = PollingNode(loop)
    (hub, session) = (node.hub, node.session)
    let world = node.world
    let user = try await world.register(
      NewUser(username: Username(stored: "ada"), displayName: "ada", email: nil, passwordHash: ""))
    room = try await world.create(.group, title: "Room", owner: user, members: []).conversation.id.rawValue
    let signIn = try await world.open(user: user.id, device: nil, nonce: [], most: 1)
    let limits = RealtimeLimits()
    inFlightMax = limits.inFlightMax
    door = RealtimeDoor(
      hub: hub, chat: node.chat, verifier: OneToken(caller: Caller(user: user.id, session: signIn.id)), gate: gate,
      ports: node.surroundings, limits: limits)
    transport = SocketIOTransport(door: door)
    client = SocketIOClient(session, directory: node.directory, program: transport)
    hub.start()
    session.begin(client)
  }

  /// The client sends a packet of Socket.IO.
  func say(_ packet: String) { client.received(text: Array(packet.utf8)) }

  /// Comes into the namespace.
  func enter() async throws {
    try await fetch()
    let before = heard.count { $0.hasPrefix("0") }
    say(#"0{"token":"good"}"#)
    try await eventually { heard.count { $0.hasPrefix("0") } > before }
  }

  /// The answer to the event of that number.
  func answer(_ number: Int) async throws -> String {
    try await eventually { heard.contains { $0.hasPrefix("3\(number)[") } }
    return heard.first { $0.hasPrefix("3\(number)[") } ?? ""
  }

  /// Fetches what waits until that is so.
  func eventually(_ condition: () -> Bool) async throws {
    let end = EventLoop.monotonicMilliseconds() + 20_000
    try await fetch()
    while !condition() {
      guard EventLoop.monotonicMilliseconds() < end else { throw NeverSaid(heard: heard) }
      await loop.sleep(2)
      try await fetch()
    }
  }

  private func fetch() async throws {
    while session.queuedBytes > 0 {
      let answer = await withUnsafeContinuation { continuation in
        let poll = PendingPoll()
        poll.wait(continuation)
        session.pollArrived(poll, stamp: nil)
      }
      guard case .packets(let payload) = answer else { return }
      for packet in try EnginePayload.packets(of: payload.bytes, version: .v4) {
        if case .text(let text) = packet { heard.append(String(decoding: text, as: UTF8.self)) }
      }
    }
  }
}

/// What was waited for did not come.
private struct NeverSaid: Error {
  let heard: [String]
}

/// Holds what is asked back until it is opened.
final class HeldGate: OperationGate, @unchecked Sendable {
  private(set) var asked = 0
  private var isOpen = false
  private var waiting: [UnsafeContinuation<Void, Never>] = []

  func retryAfter(_ rate: Realtime.Operation.Rate, _ caller: Caller) async -> Milliseconds? {
    asked += 1
    if !isOpen { await withUnsafeContinuation { waiting.append($0) } }
    return nil
  }

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}

/// Believes everybody.
private struct OneToken: TokenVerifier {
  let caller: Caller

  func verify(_ token: String) async throws(ChatError) -> VerifiedToken {
    VerifiedToken(caller: caller, expiresAt: WallClock().now.adding(milliseconds: 900_000))
  }
}
