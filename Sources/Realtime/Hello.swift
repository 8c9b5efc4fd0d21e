import ChatCore
import Delivery
import JSONText

/// The first frame of a session, which differs from others' by the session's name alone: it is made once for a door.
///
/// - Shape: `{"t":"hello","d":{"session":…,"heartbeat_ms":…,"limits":{…}}}`
struct Hello {
  private let before: [UInt8]
  private let after: [UInt8]

  init(_ limits: RealtimeLimits, _ domain: Limits, _ delivery: DeliveryLimits) {
    before = Array(#"{"t":"hello","d":{"session":""#.utf8)
    var writer = JSONWriter(appendingTo: Array(#"","heartbeat_ms":"#.utf8))
    writer.int(limits.heartbeatEvery)
    writer.key("limits")
    writer.object { writer in
      writer.member("text_bytes", domain.textBytesMax)
      writer.member("client_message_id_bytes", domain.clientMessageIDBytesMax)
      writer.member("frame_bytes", limits.frameBytesMax)
      writer.member("in_flight", limits.inFlightMax)
      writer.member("resume_limit", delivery.resumeEntriesMax)
      writer.member("auth_within_ms", limits.authWithin)
    }
    after = writer.finish() + Array("}}".utf8)
  }

  /// What the session of that name is told first.
  func frame(for session: SessionName) -> EncodedFrame {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(before.count + SessionName.digits + after.count)
    bytes += before
    bytes += session.description.utf8
    bytes += after
    return EncodedFrame(bytes)
  }
}
