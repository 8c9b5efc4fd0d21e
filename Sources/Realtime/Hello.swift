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

  /// How the document describes it.
  static let row = EventRow(
    name: "hello", summary: "Says what the session is called, and what bounds it.", place: .none,
    data: .own(
      Shape(
        "Hello",
        [
          .string("session", .required, bytes: SessionName.digits...SessionName.digits, "The socket session's id."),
          number("heartbeat_ms", "How often the service pings; a client that hears nothing for longer may leave."),
          .object(
            "limits", .required,
            Shape(
              "HelloLimits",
              [
                number("text_bytes", "Bytes of a message's text."),
                number("client_message_id_bytes", "Bytes of a client_message_id."),
                number("frame_bytes", "Bytes of one message from the client."),
                number("in_flight", "Requests that may be under way at once."),
                number("resume_limit", "Entries of one conversation that a resume sends; past it, it is in behind."),
                number("auth_within_ms", "How long the client may take to bring a token."),
              ]), "What is refused past them."),
        ])))

  private static func number(_ name: String, _ summary: String) -> Field {
    .integer(name, .required, 0...JSONLimits.integerMax, summary)
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
