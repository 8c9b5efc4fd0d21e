/// Room for several members, made once and filled in one go: each costs what its bytes do.
///
/// For objects that are written by the thousand; all others are as well written by ``JSONWriter``'s own functions.
///
/// - Shape: `writer.fill(64 + length) { $0.open(); $0.int("seq", 42); $0.text("text", text, length); $0.close() }`
///   gives `{"seq":42,"text":"hi"}`.
/// - Limits: what was asked for; writing past it is our own mistake and ends the program.
@frozen public struct JSONRoom: ~Copyable {
  @usableFromInline var place: UnsafeMutablePointer<UInt8>
  @usableFromInline let end: UnsafeMutablePointer<UInt8>
  @usableFromInline var needsComma: Bool

  init(_ room: UnsafeMutableBufferPointer<UInt8>, at start: UnsafeMutablePointer<UInt8>, needsComma: Bool) {
    place = start
    end = start + room.count
    self.needsComma = needsComma
  }

  /// What a text takes as a string at most: its own bytes and two quotes exactly when nothing in it needs an escape.
  public static func length(of text: Span<UInt8>) -> Int {
    text.withUnsafeBufferPointer { text in
      JSONEscaping.isPlain(text) ? text.count + 2 : text.count * JSONEscaping.growthMax + 2
    }
  }

  /// Writes `{`.
  @inlinable @inline(__always) public mutating func open() {
    separate(1)
    put(UInt8(ascii: "{"))
    needsComma = false
  }

  /// Writes a member whose value is an object that begins here.
  @inlinable @inline(__always) public mutating func open(_ name: StaticString) {
    key(name, 1)
    put(UInt8(ascii: "{"))
    needsComma = false
  }

  /// Writes `}`.
  @inlinable @inline(__always) public mutating func close() {
    check(1)
    put(UInt8(ascii: "}"))
    needsComma = true
  }

  /// Writes a member, `null` if there is no integer.
  @inlinable @inline(__always) public mutating func int(_ name: StaticString, _ value: Int64?) {
    guard let value else { return spelled(name, "null") }
    key(name, JSONDigits.most)
    place += JSONDigits.put(value, place)
  }

  /// Writes a member whose value is a string of so many bytes at most, as ``length(of:)`` has said.
  @inlinable @inline(__always) public mutating func text(_ name: StaticString, _ text: Span<UInt8>, _ length: Int) {
    key(name, length)
    text.withUnsafeBufferPointer { text in
      if length == text.count + 2 { quote(text) } else { place += JSONEscaping.put(text, place) }
    }
  }

  /// Writes a member whose value is a string that needs no escape, spelled in the source or as safe as that.
  @inlinable @inline(__always) public mutating func plain(_ name: StaticString, _ text: Span<UInt8>) {
    key(name, text.count + 2)
    text.withUnsafeBufferPointer { quote($0) }
  }

  /// Writes a member whose value is spelled in the source.
  @inlinable @inline(__always) public mutating func spelled(_ name: StaticString, _ json: StaticString) {
    key(name, json.utf8CodeUnitCount)
    put(json.utf8Start, json.utf8CodeUnitCount)
  }

  // MARK: Values that are spelled nearly whole in the source

  /// Begins a value with what is spelled in the source; the caller spells the rest of it too, with ``spelled(_:)`` and
  /// its like, which set no comma, bracket or name.
  @inlinable @inline(__always) public mutating func begin(_ json: StaticString) {
    separate(json.utf8CodeUnitCount)
    put(json.utf8Start, json.utf8CodeUnitCount)
    needsComma = true
  }

  /// Writes what is spelled in the source.
  @inlinable @inline(__always) public mutating func spelled(_ json: StaticString) {
    check(json.utf8CodeUnitCount)
    put(json.utf8Start, json.utf8CodeUnitCount)
  }

  /// Writes an integer.
  @inlinable @inline(__always) public mutating func int(_ value: Int64) {
    check(JSONDigits.most)
    place += JSONDigits.put(value, place)
  }

  /// Writes a string of so many bytes at most, as ``length(of:)`` has said.
  @inlinable @inline(__always) public mutating func text(_ text: Span<UInt8>, _ length: Int) {
    check(length)
    text.withUnsafeBufferPointer { text in
      if length == text.count + 2 { quote(text) } else { place += JSONEscaping.put(text, place) }
    }
  }

  /// Writes a string that needs no escape.
  @inlinable @inline(__always) public mutating func plain(_ text: Span<UInt8>) {
    check(text.count + 2)
    text.withUnsafeBufferPointer { quote($0) }
  }

  // MARK: Values made elsewhere

  /// Writes a member whose value is JSON text already.
  public mutating func raw(_ name: StaticString, _ json: [UInt8]) {
    key(name, json.count)
    json.withUnsafeBufferPointer { if let start = $0.baseAddress { put(start, $0.count) } }
  }

  // MARK: Where it is filled

  @inlinable @inline(__always) mutating func check(_ most: Int) {
    precondition(end - place >= most, "more is written than room was made for")
  }

  @inlinable @inline(__always) mutating func put(_ byte: UInt8) {
    place.pointee = byte
    place += 1
  }

  @inlinable @inline(__always) mutating func put(_ start: UnsafePointer<UInt8>, _ count: Int) {
    place.update(from: start, count: count)
    place += count
  }

  @inlinable @inline(__always) mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
    put(UInt8(ascii: "\""))
    if let start = text.baseAddress { put(start, text.count) }
    put(UInt8(ascii: "\""))
  }

  @inlinable @inline(__always) mutating func separate(_ most: Int) {
    check(most + 1)
    place.pointee = UInt8(ascii: ",")
    place += needsComma ? 1 : 0
  }

  @inlinable @inline(__always) mutating func key(_ name: StaticString, _ most: Int) {
    separate(name.utf8CodeUnitCount + 3 + most)
    put(UInt8(ascii: "\""))
    put(name.utf8Start, name.utf8CodeUnitCount)
    put(UInt8(ascii: "\""))
    put(UInt8(ascii: ":"))
    needsComma = true
  }
}

/// Integers as decimal digits.
@usableFromInline enum JSONDigits {
  /// A sign and the digits of any integer, which are written by the eight.
  @usableFromInline static let most = 21
  private static let eight: UInt64 = 100_000_000
  private static let sixteen: UInt64 = 10_000_000_000_000_000
  private static let zeros: UInt64 = 0x3030_3030_3030_3030

  /// Writes into room for ``most`` bytes and says how many they are; behind them the room may be written over.
  @usableFromInline static func put(_ value: Int64, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    let rest = value.magnitude
    let sign = value < 0 ? 1 : 0
    room[0] = UInt8(ascii: "-")
    let start = room + sign
    if rest < eight { return sign &+ put(first: rest, start) }
    if rest < sixteen {
      let high = rest / eight
      let length = put(first: high, start)
      put(next: rest &- high &* eight, start + length)
      return sign &+ length &+ 8
    }
    let top = rest / sixteen
    let length = put(first: top, start)
    let below = rest &- top &* sixteen
    let high = below / eight
    put(next: high, start + length)
    put(next: below &- high &* eight, start + length + 8)
    return sign &+ length &+ 16
  }

  /// Writes a number below 100,000,000 without the zeros before it, and says how many digits that are.
  @inline(__always)
  private static func put(first value: UInt64, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    let digits = digits(of: value)
    let skipped = min(digits.trailingZeroBitCount / 8, 7)
    store((digits | zeros) >> UInt64(truncatingIfNeeded: skipped &* 8), room)
    return 8 &- skipped
  }

  /// Writes all eight digits of a number below 100,000,000.
  @inline(__always)
  private static func put(next value: UInt64, _ room: UnsafeMutablePointer<UInt8>) {
    store(digits(of: value) | zeros, room)
  }

  @inline(__always)
  private static func store(_ bytes: UInt64, _ room: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(room).storeBytes(of: bytes.littleEndian, as: UInt64.self)
  }

  /// The digits of a number below 100,000,000 as a byte each, the first one in the lowest: halves, then pairs, then
  /// digits are divided, all of them in one multiplication.
  @inline(__always)
  private static func digits(of value: UInt64) -> UInt64 {
    let thousands = value / 10_000
    let halves = thousands | (value &- thousands &* 10_000) << 32
    let hundreds = ((halves &* 5243) >> 19) & 0x0000_007F_0000_007F
    let pairs = hundreds | (halves &- hundreds &* 100) << 16
    let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
    return tens | (pairs &- tens &* 10) << 8
  }
}

extension JSONWriter {
  /// Makes room for that many bytes and has them filled.
  public mutating func fill(_ most: Int, _ body: (inout JSONRoom) -> Void) {
    var comma = needsComma
    add(most) { room, start in
      var filled = JSONRoom(room, at: start, needsComma: comma)
      body(&filled)
      comma = filled.needsComma
      return filled.place - start
    }
    needsComma = comma
  }
}
