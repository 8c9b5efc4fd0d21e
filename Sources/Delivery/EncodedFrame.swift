import ChatCore

/// Where an entry stands: its conversation, and its place there.
public struct EntryPlace: Hashable, Sendable {
  /// The conversation.
  public let conversation: ConversationID
  /// Its place there.
  public let seq: Int64

  /// A place by its parts.
  public init(_ conversation: ConversationID, _ seq: Int64) {
    self.conversation = conversation
    self.seq = seq
  }
}

/// The bytes of one event in one wire format, made once and sent to every session that speaks it.
///
/// - Isolation: one loop; shared by reference, never copied for a recipient.
public final class EncodedFrame {
  /// What the client reads: a JSON text, a Socket.IO packet …
  public let bytes: [UInt8]
  /// Which entry they tell of; nil for what is none.
  public let place: EntryPlace?
  /// What a door reads whose sessions do not all hear the same of one event; nothing on a wire of our own.
  public let addressed: AnyObject?
  /// What ``framed(by:)`` has made; nil before.
  private(set) var framed: [UInt8]?

  /// Takes the bytes.
  public init(_ bytes: [UInt8], of place: EntryPlace? = nil, addressed: AnyObject? = nil) {
    self.bytes = bytes
    self.place = place
    self.addressed = addressed
  }

  /// The bytes inside their transport's unit (a WebSocket frame), made by the first session that asks and kept for the
  /// others.
  ///
  /// - Limits: one form is kept; transports that need another form of their own (compression with a context) start from
  ///   ``bytes``.
  public func framed(by frame: ([UInt8]) -> [UInt8]) -> [UInt8] {
    if let framed { return framed }
    let made = frame(bytes)
    framed = made
    return made
  }
}
