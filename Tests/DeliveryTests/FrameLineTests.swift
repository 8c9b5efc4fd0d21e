import ChatCore
import TestKit
import Testing

@testable import Delivery

/// Frames that go past the port, straight to the socket.
@Suite struct FrameLineTests {
  private final class Socket: FrameLine {
    var frames: [[UInt8]] = []
    var reads = true
    private(set) var queuedBytes = 0
    var behind: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    func deliver(framed bytes: [UInt8]) -> Int {
      frames.append(bytes)
      if !reads { queuedBytes += bytes.count }
      return queuedBytes
    }
  }

  /// Puts a byte in front.
  private final class Door: SessionPort {
    var socket = Socket()
    var seat: HubSession?
    private(set) var asked = 0
    private(set) var ended: EndReason?
    var queuedBytes: Int { socket.queuedBytes }

    func deliver(_ frame: EncodedFrame) -> Int {
      asked += 1
      return socket.deliver(framed: frame.framed { [1] + $0 })
    }

    func end(_ reason: EndReason) { ended = reason }
  }

  private func door(_ stage: HubStage, straight: Bool = true) -> Door {
    let door = Door()
    let seat = stage.hub.attach(
      door, user: stage.bob.id, signIn: SessionID(rawValue: 1), ownConversation: stage.bob.ownConversation,
      format: .plain)
    door.seat = seat
    if straight { seat.line = door.socket }
    stage.hub.resume(seat, heads: [:]) { _ in }
    stage.time.run(for: 20)
    return door
  }

  @Test func `the first who is told frames it, and the others are told the same past their ports`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let doors = [door(stage), door(stage), door(stage, straight: false), door(stage)]
    let entries = try (1...3).map { try stage.say("\($0)", in: room) }
    stage.broker.publish(entries)
    let told = entries.map { [1] + (WireFormat.plain.encode($0, nil)?.bytes ?? []) }
    #expect(doors.allSatisfy { $0.socket.frames == told })
    #expect(doors.map(\.asked) == [3, 0, 3, 0])
    #expect(stage.hub.report.delivered == 12)
  }

  @Test func `who does not read is ended, whatever way his frames go`() throws {
    var limits = DeliveryLimits()
    (limits.sendQueueBytesMax, limits.slowReaderGrace) = (10_000, 5)
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let (reader, slow) = (door(stage), door(stage))
    slow.socket.reads = false
    for _ in 1...8 { stage.broker.publish([try stage.say(String(repeating: "x", count: 1_900), in: room)]) }
    stage.time.run(for: 10)
    #expect(slow.asked == 0)
    #expect(slow.ended == .slowReader)
    #expect(reader.ended == nil)
    #expect(reader.socket.frames.count == 8)
  }

  @Test func `a session that is let go of lets go of its line`() throws {
    let stage = try HubStage()
    let door = door(stage)
    let seat = try #require(door.seat)
    weak let socket = door.socket
    door.socket = Socket()
    #expect(socket != nil)
    stage.hub.detach(seat)
    #expect(socket == nil)
  }
}
