import ChatCore
import Delivery
import EntryText
import JSONText
import SocketIO
import TestKit
import Testing

@testable import Realtime

/// The other end of a client of Socket.IO, from the packets up.
final class PacketClient: SessionTransport, @unchecked Sendable {
  var session: SocketSession?
  private(set) var sid: String?
  private(set) var pid: String?
  private(set) var isRecovered = false
  private(set) var problem: Problem?
  private(set) var closed: CloseCode?
  private(set) var pings = 0
  /// The answers by their numbers.
  private(set) var acks: [Int64: JSONValue] = [:]
  /// Events: the name, the frame, and what comes behind it.
  private(set) var events: [JSONValue] = []
  /// The last event of an entry, as it was handed over.
  private(set) var lastEntry: EncodedFrame?
  private(set) var isPaused = false
  var line: (any FrameLine)?
  var queuedBytes: Int { 0 }

  func entered(_ entrance: Entrance) {
    switch entrance {
    case .admitted(let sid, let pid, let isRecovered):
      (self.sid, self.pid, self.isRecovered) = (sid, pid, isRecovered)
    case .refused(let problem): self.problem = problem
    }
  }

  func send(_ frame: EncodedFrame) {
    var decoder = SocketDecoder()
    guard closed == nil, sid != nil, let packet = try? decoder.take(text: frame.bytes) else {
      Issue.record("sent outside, or no packet: \(String(decoding: frame.bytes, as: UTF8.self))")
      return
    }
    let payload = (try? JSONValue(parsing: packet.payload)) ?? .null
    if packet.kind == .ack, let id = packet.id {
      #expect(acks[id] == nil, "a second answer")
      acks[id] = payload[0]
    } else {
      events.append(payload)
      if frame.place != nil { lastEntry = frame }
    }
  }

  func emit(_ name: String, _ data: String, ack: Int64?) {
    session?.received(event: name, [Array(data.utf8)], hasAttachments: false, ack: ack)
  }

  var offsets: [String] { events.compactMap { $0[2]?.string } }
  var seqs: [Int64] { events.compactMap { $0[1]?["seq"]?.integer } }

  func ping() { pings += 1 }
  func close(_ code: CloseCode, retryAfter: Milliseconds?) { closed = code }
  func pauseReading() { isPaused = true }
  func resumeReading() { isPaused = false }
}

extension SocketStage {
  /// Asks to come in.
  func enter(_ auth: String) throws -> PacketClient {
    let client = PacketClient()
    let ticket = try Ticket.read(auth: Array(auth.utf8), limits: RealtimeLimits()).get()
    client.session = door.open(client, ticket: ticket) { client.entered($0) }
    return client
  }

  /// A client that is in.
  func entered(_ user: User, recovering: Bool = false) throws -> PacketClient {
    let client = try enter(#"{"token":"\#(try token(of: user).token)","recovery":\#(recovering)}"#)
    time.run(for: 20)
    _ = try #require(client.sid)
    return client
  }
}
