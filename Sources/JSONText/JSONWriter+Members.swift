extension JSONWriter {
  /// Writes a member, `null` if there is no text.
  public mutating func member(_ name: StaticString, _ text: String?) {
    key(name)
    if let text { string(text) } else { null() }
  }

  /// Writes a member, `null` if there is no integer.
  public mutating func member(_ name: StaticString, _ value: Int64?) {
    key(name)
    if let value { int(value) } else { null() }
  }

  /// Writes a member.
  public mutating func member(_ name: StaticString, _ value: Int) {
    key(name)
    int(value)
  }

  /// Writes a member.
  public mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// Writes a member whose value is a tree.
  public mutating func member(_ name: StaticString, value: JSONValue) {
    key(name)
    self.value(value)
  }

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
