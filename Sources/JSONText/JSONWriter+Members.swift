extension JSONWriter {
  /// Writes a member, `null` if there is no text.
  public mutating func member(_ name: StaticString, _ text: String?) {
    guard var text else { return raw(name, "null") }
    text.withUTF8 { string(name, $0) }
  }

  /// Writes a member whose value is a string of UTF-8 bytes; the caller knows that they are valid.
  public mutating func member(_ name: StaticString, utf8 text: Span<UInt8>) {
    text.withUnsafeBufferPointer { string(name, $0) }
  }

  /// Writes a member, `null` if there is no integer.
  public mutating func member(_ name: StaticString, _ value: Int64?) {
    if let value { int(name, value) } else { raw(name, "null") }
  }

  /// Writes a member.
  public mutating func member(_ name: StaticString, _ value: Int) { int(name, Int64(value)) }

  /// Writes a member.
  public mutating func member(_ name: StaticString, _ value: Bool) { raw(name, value ? "true" : "false") }

  /// Writes a member whose value is JSON that is spelled in the source.
  public mutating func member(_ name: StaticString, spelled json: StaticString) { raw(name, json) }

  /// Writes a member whose value is JSON text already.
  public mutating func member(_ name: StaticString, raw json: [UInt8]) {
    key(name)
    raw(json)
  }

  /// Writes a member whose value is an object.
  public mutating func member(_ name: StaticString, object body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }

  /// Writes a member whose value is an array.
  public mutating func member(_ name: StaticString, array body: (inout JSONWriter) -> Void) {
    key(name)
    array(body)
  }
}
