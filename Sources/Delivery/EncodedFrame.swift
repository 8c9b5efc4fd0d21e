/// The bytes of one event in one wire format, made once and sent to every session that speaks it.
///
/// - Isolation: one loop; shared by reference, never copied for a recipient.
public final class EncodedFrame {
  /// What the client reads: a JSON text, a Socket.IO packet …
  public let bytes: [UInt8]
  /// What a door reads whose sessions do not all hear the same of one event; nothing on a wire of our own.
  public let addressed: AnyObject?
  private var framed: [UInt8]?

  /// Takes the bytes.
  public init(_ bytes: [UInt8], addressed: AnyObject? = nil) {
    self.bytes = bytes
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
