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
  /// A sign and the digits of any integer, which are written in pairs.
  @usableFromInline static let most = 21

  /// Writes into room for ``most`` bytes and says how many they are: pairs from the last digits on, each where it
  /// stays, since how many there are is known first.
  @usableFromInline static func put(_ value: Int64, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = value.magnitude
    let sign = value < 0 ? 1 : 0
    room[0] = UInt8(ascii: "-")
    let length = sign &+ count(rest)
    var place = length
    while rest >= 10_000 {
      let quotient = rest / 10_000
      let four = UInt32(truncatingIfNeeded: rest &- quotient &* 10_000)
      place &-= 4
      UnsafeMutableRawPointer(room + place).storeBytes(of: digits(of: four), as: UInt32.self)
      rest = quotient
    }
    if rest >= 100 {
      let quotient = rest / 100
      let two = rest &- quotient &* 100
      place &-= 2
      let tens = two / 10
      room[place] = UInt8(truncatingIfNeeded: 0x30 &+ tens)
      room[place &+ 1] = UInt8(truncatingIfNeeded: 0x30 &+ two &- tens &* 10)
      rest = quotient
    }
    if rest >= 10 {
      let tens = rest / 10
      room[sign] = UInt8(truncatingIfNeeded: 0x30 &+ tens)
      room[sign &+ 1] = UInt8(truncatingIfNeeded: 0x30 &+ rest &- tens &* 10)
    } else {
      room[sign] = UInt8(truncatingIfNeeded: 0x30 &+ rest)
    }
    return length
  }

  /// The digits of a number below 10,000 as their bytes stand in memory, the first one in the lowest: both pairs, then
  /// all four, are divided in one multiplication.
  @inline(__always)
  private static func digits(of value: UInt32) -> UInt32 {
    let hundreds = (value &* 5243) >> 19
    let pairs = hundreds | (value &- hundreds &* 100) << 16
    let tens = ((pairs &* 103) >> 10) & 0x000F_000F
    return (tens | (pairs &- tens &* 10) << 8 | 0x3030_3030).littleEndian
  }

  private static func count(_ value: UInt64) -> Int {
    var (count, rest) = (1, value)
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    return count &+ (rest >= 10 ? 1 : 0) &+ (rest >= 100 ? 1 : 0) &+ (rest >= 1000 ? 1 : 0)
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
