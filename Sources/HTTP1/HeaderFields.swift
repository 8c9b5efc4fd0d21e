/// The header fields of a message, in their order, found by name whatever the case.
///
/// A received message's fields are ranges of the bytes that arrived; strings are made only of what is asked for.
///
/// - Shape: `["Content-Type": "text/plain", "Vary": "Origin"]`
/// - Limits: the parser's ``RequestLimits/headerFieldsMax`` and ``RequestLimits/headerBytesMax``; none when built here.
/// - Source: RFC 9110 section 5.
public struct HeaderFields: Sendable {
  /// Where one field's name and value stand in the bytes.
  struct Field: Sendable {
    var name: Range<Int>
    var value: Range<Int>
  }

  /// Room for the header of a usual answer, so that it does not move while it grows.
  private static let (firstBytes, firstFields) = (256, 8)
  private var bytes: [UInt8]
  private var fields: [Field]

  /// No fields.
  public init() {
    bytes = []
    fields = []
  }

  /// Fields that the parser has found and checked.
  init(bytes: [UInt8], fields: [Field]) {
    self.bytes = bytes
    self.fields = fields
  }

  /// How many fields there are.
  public var count: Int { fields.count }

  /// True without a field.
  public var isEmpty: Bool { fields.isEmpty }

  /// Adds a field after the others.
  ///
  /// Nothing that comes from outside can end the line: each control byte of `value` becomes a space, and a field whose
  /// name is no token is not added.
  ///
  /// - Returns: false when the name was refused.
  @discardableResult
  public mutating func append(_ name: String, _ value: String) -> Bool {
    guard !name.isEmpty, ByteSet.token.containsAll(name.utf8.span) else { return false }
    if fields.isEmpty {
      bytes.reserveCapacity(HeaderFields.firstBytes)
      fields.reserveCapacity(HeaderFields.firstFields)
    }
    let nameStart = bytes.count
    bytes.append(contentsOf: name.utf8)
    let valueStart = bytes.count
    bytes.append(contentsOf: value.utf8)
    let given = value.utf8.span
    for index in given.indices
    where (given[index] < Byte.space && given[index] != Byte.tab) || given[index] == Byte.delete {
      bytes[valueStart &+ index] = Byte.space
    }
    fields.append(Field(name: nameStart..<valueStart, value: valueStart..<bytes.count))
    return true
  }

  /// Replaces all fields of a name by one.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    append(name, value)
  }

  /// Removes all fields of a name.
  public mutating func remove(_ name: String) {
    fields = fields.filter { !isNamed($0, name) }
  }

  /// The first value of a name, or nil.
  public subscript(name: String) -> String? {
    for field in fields where isNamed(field, name) { return text(field.value) }
    return nil
  }

  /// All values of a name, in order, one a line.
  public func values(for name: String) -> [String] {
    var values: [String] = []
    for field in fields where isNamed(field, name) { values.append(text(field.value)) }
    return values
  }

  /// What a function gives for the value of a name, looked at where it stands; nil when the name stands more than once,
  /// or not at all.
  public func withOnlyValue<Result>(for name: String, _ body: (Span<UInt8>) -> Result?) -> Result? {
    var only: Range<Int>?
    for field in fields where isNamed(field, name) {
      guard only == nil else { return nil }
      only = field.value
    }
    return only.flatMap { body(bytes.span.extracting($0)) }
  }

  /// True when a field of this name is present.
  public func contains(_ name: String) -> Bool {
    for field in fields where isNamed(field, name) { return true }
    return false
  }

  /// True when the comma-separated values of a name hold this token, whatever the case.
  public func contains(_ name: String, token: String) -> Bool {
    for field in fields where isNamed(field, name) {
      for item in bytes[field.value].split(separator: Byte.comma)
      where Byte.equalIgnoringCase(Byte.trimmed(item), token.utf8) {
        return true
      }
    }
    return false
  }

  private func isNamed(_ field: Field, _ name: String) -> Bool {
    guard field.name.count == name.utf8.count else { return false }
    let (own, asked) = (bytes.span.extracting(field.name), name.utf8.span)
    for place in own.indices where Byte.lowered(own[place]) != Byte.lowered(asked[place]) { return false }
    return true
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

extension HeaderFields: RandomAccessCollection {
  /// The first field's position.
  public var startIndex: Int { 0 }
  /// The position after the last field.
  public var endIndex: Int { fields.count }
  /// The field at a position, its name as it was spelled.
  public subscript(position: Int) -> (name: String, value: String) {
    (text(fields[position].name), text(fields[position].value))
  }
}

extension HeaderFields: Equatable {
  /// True when both have the same fields in the same order, names whatever the case.
  public static func == (left: HeaderFields, right: HeaderFields) -> Bool {
    guard left.count == right.count else { return false }
    for (a, b) in zip(left, right) {
      guard Byte.equalIgnoringCase(a.name.utf8, b.name.utf8), a.value == b.value else { return false }
    }
    return true
  }
}

extension HeaderFields: ExpressibleByDictionaryLiteral, CustomStringConvertible {
  /// Fields in the order in which they are written.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init()
    for (name, value) in elements { append(name, value) }
  }

  /// One field a line, for tests; logs must not carry header values.
  public var description: String { map { "\($0.name): \($0.value)" }.joined(separator: "\n") }
}

extension HeaderFields {
  /// Writes every field but those that the serializer sets itself.
  func write(into out: inout [UInt8], keepingConnection: Bool) {
    for field in fields where !isReserved(field, keepingConnection) {
      out.append(contentsOf: bytes[field.name])
      out.append(Byte.colon)
      out.append(Byte.space)
      out.append(contentsOf: bytes[field.value])
      out.append(Byte.carriageReturn)
      out.append(Byte.lineFeed)
    }
  }

  private func isReserved(_ field: Field, _ keepingConnection: Bool) -> Bool {
    switch field.name.count {
    case 4: return isNamed(field, "date")
    case 10: return !keepingConnection && isNamed(field, "connection")
    case 14: return isNamed(field, "content-length")
    case 17: return isNamed(field, "transfer-encoding")
    default: return false
    }
  }
}
