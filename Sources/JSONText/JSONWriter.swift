/// Writes JSON text into bytes, without a string or a tree in between.
///
/// The writer sets commas; the caller begins, names, fills and ends in the order of the text.
/// - Shape: `writer.object { $0.member("seq", 42); $0.member("text", "hi") }` gives `{"seq":42,"text":"hi"}`.
/// - Limits: none of its own; what is written was bounded when it came in.
/// - Cost: text is copied in runs that need no escape, found eight bytes at a time.
public struct JSONWriter: Sendable {
  private var buffer: [UInt8]
  private var needsComma = false

  /// A writer that appends to the buffer; give it a used one (emptied, capacity kept) to save the allocation.
  public init(appendingTo buffer: consuming [UInt8] = []) {
    self.buffer = buffer
  }

  /// How many bytes stand in the buffer.
  public var count: Int { buffer.count }

  /// Gives the buffer back.
  public consuming func finish() -> [UInt8] { buffer }

  // MARK: Objects and arrays

  /// Writes `{`.
  public mutating func beginObject() {
    comma()
    buffer.append(UInt8(ascii: "{"))
    needsComma = false
  }

  /// Writes `}`.
  public mutating func endObject() {
    buffer.append(UInt8(ascii: "}"))
    needsComma = true
  }

  /// Writes `[`.
  public mutating func beginArray() {
    comma()
    buffer.append(UInt8(ascii: "["))
    needsComma = false
  }

  /// Writes `]`.
  public mutating func endArray() {
    buffer.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// Writes an object around what the body writes.
  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  /// Writes an array around what the body writes.
  public mutating func array(_ body: (inout JSONWriter) -> Void) {
    beginArray()
    body(&self)
    endArray()
  }

  /// Writes a name that needs no escape: letters, digits, `_`, `-`, `.`; it is copied as it is.
  public mutating func key(_ name: StaticString) {
    comma()
    buffer.append(UInt8(ascii: "\""))
    buffer.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    buffer.append(UInt8(ascii: "\""))
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a name that is known at run time only, with escapes where needed.
  public mutating func key(named name: String) {
    string(name)
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Scalars

  /// Writes a string, with escapes where needed.
  public mutating func string(_ text: String) {
    comma()
    buffer.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { JSONEscaping.append($0, to: &buffer) }
    buffer.append(UInt8(ascii: "\""))
  }

  /// Writes a string of UTF-8 bytes, with escapes where needed; the caller knows that they are valid.
  public mutating func string(utf8 text: Span<UInt8>) {
    comma()
    buffer.append(UInt8(ascii: "\""))
    text.withUnsafeBufferPointer { JSONEscaping.append($0, to: &buffer) }
    buffer.append(UInt8(ascii: "\""))
  }

  /// Writes an integer.
  public mutating func int(_ value: Int64) {
    comma()
    if value < 0 { buffer.append(UInt8(ascii: "-")) }
    appendDigits(value.magnitude)
  }

  /// Writes an integer.
  public mutating func int(_ value: Int) { int(Int64(value)) }

  /// Writes a number; JSON has none for infinity and not-a-number, which become `null`.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    comma()
    buffer.append(contentsOf: value.description.utf8)
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  /// Writes `null`.
  public mutating func null() { raw("null") }

  // MARK: Values made elsewhere

  /// Copies a JSON value that is spelled in the source.
  public mutating func raw(_ json: StaticString) {
    comma()
    buffer.append(contentsOf: UnsafeBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount))
  }

  /// Copies a JSON value that is text already; the caller knows that it is one.
  public mutating func raw(_ json: [UInt8]) {
    comma()
    buffer.append(contentsOf: json)
  }

  /// Copies a JSON value that is text already; the caller knows that it is one.
  public mutating func raw(_ json: Span<UInt8>) {
    comma()
    json.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
  }

  /// Writes a value of the tree.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .integer(let value): int(value)
    case .number(let value): double(value)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for entry in object.entries {
        key(named: entry.name)
        self.value(entry.value)
      }
      endObject()
    }
  }

  private mutating func comma() {
    if needsComma { buffer.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func appendDigits(_ value: UInt64) {
    var rest = value
    var length = 1
    while rest >= 10 {
      rest /= 10
      length += 1
    }
    buffer.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: length))
    rest = value
    var place = buffer.count - 1
    while rest > 0 {
      buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      place -= 1
    }
  }
}
