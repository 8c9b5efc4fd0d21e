/// Writes JSON text into bytes, without a string or a tree in between.
///
/// The writer sets commas; the caller begins, names, fills and ends in the order of the text.
/// - Shape: `writer.object { $0.member("seq", 42); $0.member("text", "hi") }` gives `{"seq":42,"text":"hi"}`.
/// - Limits: none of its own; what is written was bounded when it came in.
/// - Cost: text is copied in runs that need no escape, found eight bytes at a time; a name or a plain text is one step.
public struct JSONWriter: Sendable {
  /// What a message takes in any of our own shapes, names and a usual text: it is written without growing.
  private static let firstBytes = 480
  /// A sign and the digits of any integer.
  private static let integerBytesMax = 20

  private var buffer: [UInt8]
  private var needsComma = false

  /// A writer that appends to the buffer; give it a used one (emptied, capacity kept) to save the allocation.
  public init(appendingTo buffer: consuming [UInt8] = []) {
    self.buffer = buffer
    if self.buffer.capacity == 0 { self.buffer.reserveCapacity(JSONWriter.firstBytes) }
  }

  /// How many bytes stand in the buffer.
  public var count: Int { buffer.count }

  /// Gives the buffer back.
  public consuming func finish() -> [UInt8] { buffer }

  // MARK: Objects and arrays

  /// Writes `{`.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }

  /// Writes `}`.
  public mutating func endObject() {
    buffer.append(UInt8(ascii: "}"))
    needsComma = true
  }

  /// Writes `[`.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }

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
    let (length, comma) = (name.utf8CodeUnitCount, needsComma ? 1 : 0)
    add(length + 4) { room in
      room[0] = UInt8(ascii: ",")
      room[comma] = UInt8(ascii: "\"")
      (room + comma + 1).update(from: name.utf8Start, count: length)
      room[comma + 1 + length] = UInt8(ascii: "\"")
      room[comma + 2 + length] = UInt8(ascii: ":")
      return comma + 3 + length
    }
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
    var text = text
    text.withUTF8 { string($0) }
  }

  /// Writes a string of UTF-8 bytes, with escapes where needed; the caller knows that they are valid.
  public mutating func string(utf8 text: Span<UInt8>) {
    text.withUnsafeBufferPointer { string($0) }
  }

  private mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
    guard JSONEscaping.isPlain(text) else {
      comma()
      buffer.append(UInt8(ascii: "\""))
      JSONEscaping.append(text, to: &buffer)
      return buffer.append(UInt8(ascii: "\""))
    }
    let (length, comma) = (text.count, needsComma ? 1 : 0)
    add(length + 3) { room in
      room[0] = UInt8(ascii: ",")
      room[comma] = UInt8(ascii: "\"")
      if let start = text.baseAddress { (room + comma + 1).update(from: start, count: length) }
      room[comma + 1 + length] = UInt8(ascii: "\"")
      return comma + 2 + length
    }
    needsComma = true
  }

  /// Writes an integer.
  public mutating func int(_ value: Int64) {
    comma()
    add(JSONWriter.integerBytesMax) { room in
      let sign = value < 0 ? 1 : 0
      room[0] = UInt8(ascii: "-")
      let length = sign + JSONWriter.digits(of: value.magnitude)
      var (rest, place) = (value.magnitude, length)
      while place > sign {
        place -= 1
        room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      return length
    }
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

  private static func digits(of value: UInt64) -> Int {
    var (count, rest) = (1, value)
    while rest >= 10 { (count, rest) = (count + 1, rest / 10) }
    return count
  }

  private mutating func open(_ bracket: UInt8) {
    comma()
    buffer.append(bracket)
    needsComma = false
  }

  /// Makes room for that many bytes at the end; `fill` writes there and says how many it has written.
  @inline(__always)
  private mutating func add(_ most: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Int) {
    buffer.append(addingCapacity: most) { (room: inout OutputSpan<UInt8>) in
      room.withUnsafeMutableBufferPointer { room, count in
        if let start = room.baseAddress { count = fill(start) }
      }
    }
  }
}
