extension Connection {
  /// Queues bytes of a span.
  public func send(_ bytes: RawSpan) { bytes.withUnsafeBytes { send($0) } }

  /// Queues the UTF-8 bytes of a text.
  public func send(_ text: String) {
    var text = text
    text.withUTF8 { send(UnsafeRawBufferPointer($0)) }
  }
}
