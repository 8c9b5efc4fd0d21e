/// Writes JSON text into bytes, without a string or a tree in between.
///
/// The writer sets commas; the caller begins, names, fills and ends in the order of the text.
/// - Shape: `writer.object { $0.member("seq", 42); $0.member("text", "hi") }` gives `{"seq":42,"text":"hi"}`.
/// - Limits: none of its own; what is written was bounded when it came in.
/// - Cost: text is copied in runs that need no escape, found eight bytes at a time; a member with a plain text or an
///   integer is one step.
public struct JSONWriter: Sendable {
  /// What a message takes in any of our own shapes, names and a usual text: it is written without growing.
  private static let firstBytes = 640
  /// As many as the longest page has; room for more is made when they come.
  private static let valuesMax = 100
  private var buffer: [UInt8]
  var needsComma = false

  /// A writer that appends to the buffer; give it a used one (emptied, capacity kept) to save the allocation.
  public init(appendingTo buffer: consuming [UInt8] = []) {
    self.buffer = buffer
    if self.buffer.capacity == 0 { self.buffer.reserveCapacity(JSONWriter.firstBytes) }
  }

  /// A writer of about so many values of that size, so that a list of them is not copied while it grows.
  public init(values: Int) {
    buffer = []
    buffer.reserveCapacity(JSONWriter.firstBytes * (1 + min(max(0, values), JSONWriter.valuesMax)))
  }

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
    add(JSONWriter.room(for: name)) { [needsComma] room in JSONWriter.put(name, needsComma, room) }
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
    add(text.count + 3) { [needsComma] room in
      room[0] = UInt8(ascii: ",")
      let comma = needsComma ? 1 : 0
      return comma + JSONWriter.put(plain: text, room + comma)
    }
    needsComma = true
  }

  /// Writes a member whose value is a string.
  mutating func string(_ name: StaticString, _ text: UnsafeBufferPointer<UInt8>) {
    guard JSONEscaping.isPlain(text) else {
      key(name)
      return string(text)
    }
    add(JSONWriter.room(for: name) + text.count + 2) { [needsComma] room in
      let length = JSONWriter.put(name, needsComma, room)
      return length + JSONWriter.put(plain: text, room + length)
    }
    needsComma = true
  }

  /// Writes an integer.
  public mutating func int(_ value: Int64) {
    comma()
    add(JSONDigits.most) { room in JSONDigits.put(value, room) }
  }

  /// Writes a member whose value is an integer.
  mutating func int(_ name: StaticString, _ value: Int64) {
    add(JSONWriter.room(for: name) + JSONDigits.most) { [needsComma] room in
      let length = JSONWriter.put(name, needsComma, room)
      return length + JSONDigits.put(value, room + length)
    }
    needsComma = true
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

  /// Writes a member whose value is spelled in the source.
  mutating func raw(_ name: StaticString, _ json: StaticString) {
    let count = json.utf8CodeUnitCount
    add(JSONWriter.room(for: name) + count) { [needsComma] room in
      let length = JSONWriter.put(name, needsComma, room)
      (room + length).update(from: json.utf8Start, count: count)
      return length + count
    }
    needsComma = true
  }

  /// Copies a JSON value that is text already; the caller knows that it is one.
  public mutating func raw(_ json: [UInt8]) {
    comma()
    buffer.append(contentsOf: json)
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

  private mutating func open(_ bracket: UInt8) {
    add(2) { [needsComma] room in
      room[0] = UInt8(ascii: ",")
      room[needsComma ? 1 : 0] = bracket
      return needsComma ? 2 : 1
    }
    needsComma = false
  }

  // MARK: Where there is room

  /// Makes room for that many bytes at the end; `fill` writes there and says how many it has written.
  @inline(__always)
  private mutating func add(_ most: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Int) {
    add(most) { _, start in fill(start) }
  }

  /// The same for those who look at how much room there is.
  @inline(__always)
  mutating func add(
    _ most: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Int
  ) {
    buffer.append(addingCapacity: most) { (room: inout OutputSpan<UInt8>) in
      room.withUnsafeMutableBufferPointer { room, count in
        if let start = room.baseAddress { count = fill(room, start) }
      }
    }
  }

  /// What a name takes at most, with its comma, quotes and colon.
  private static func room(for name: StaticString) -> Int { name.utf8CodeUnitCount + 4 }

  @inline(__always)
  private static func put(_ name: StaticString, _ needsComma: Bool, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    let (length, comma) = (name.utf8CodeUnitCount, needsComma ? 1 : 0)
    room[0] = UInt8(ascii: ",")
    room[comma] = UInt8(ascii: "\"")
    (room + comma + 1).update(from: name.utf8Start, count: length)
    room[comma + 1 + length] = UInt8(ascii: "\"")
    room[comma + 2 + length] = UInt8(ascii: ":")
    return comma + 3 + length
  }

  @inline(__always)
  private static func put(plain text: UnsafeBufferPointer<UInt8>, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    room[0] = UInt8(ascii: "\"")
    if let start = text.baseAddress { (room + 1).update(from: start, count: text.count) }
    room[text.count + 1] = UInt8(ascii: "\"")
    return text.count + 2
  }
}
