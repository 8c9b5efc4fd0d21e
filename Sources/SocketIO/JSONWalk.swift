/// Walks over a JSON text: checks its grammar, finds the elements of the outermost list and the placeholders inside.
///
/// It makes no values: what an argument means is for the one who takes it, who may be stricter.
/// - Source: RFC 8259.
struct JSONWalk {
  /// Where the elements of the outermost array stand.
  private(set) var elements: [Range<Int>] = []
  /// The numbers of the placeholders, in their order.
  private(set) var placeholders: [Int] = []

  private let bytes: [UInt8]
  private var index: Int

  private init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    index = start
  }

  /// Walks over an array that fills the rest of the bytes.
  static func list(_ bytes: [UInt8], from start: Int = 0) throws(SocketError) -> JSONWalk {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "[") else { throw .payload }
    var walk = JSONWalk(bytes, from: start)
    try walk.array(depth: 1)
    guard walk.index == bytes.count else { throw .json }
    return walk
  }

  /// Checks an object that fills the rest of the bytes.
  static func object(_ bytes: [UInt8], from start: Int = 0) throws(SocketError) {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { throw .payload }
    var walk = JSONWalk(bytes, from: start)
    try walk.object(depth: 1)
    guard walk.index == bytes.count else { throw .json }
  }

  // MARK: Values

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(SocketError) {
    switch next {
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "{"): try object(depth: depth + 1)
    case UInt8(ascii: "["): try array(depth: depth + 1)
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func array(depth: Int) throws(SocketError) {
    guard depth <= SocketLimits.depthMax else { throw .tooDeep }
    index += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    repeat {
      skipSpace()
      let start = index
      try value(depth: depth)
      if depth == 1 { elements.append(start..<index) }
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw .json }
  }

  private mutating func object(depth: Int) throws(SocketError) {
    guard depth <= SocketLimits.depthMax else { throw .tooDeep }
    index += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    var isPlaceholder = false
    var number: Range<Int>?
    repeat {
      skipSpace()
      let name = try key()
      let start = index
      try value(depth: depth)
      if equal(name, "\"_placeholder\"") { isPlaceholder = equal(start..<index, "true") }
      if equal(name, "\"num\"") { number = start..<index }
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw .json }
    if isPlaceholder { placeholders.append(number.flatMap { smallInteger($0) } ?? -1) }
  }

  /// A name and its colon.
  private mutating func key() throws(SocketError) -> Range<Int> {
    let start = index
    try string()
    let name = start..<index
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw .json }
    skipSpace()
    return name
  }

  private func equal(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for place in 0..<range.count where bytes[range.lowerBound + place] != text.utf8Start[place] { return false }
    return true
  }

  private func smallInteger(_ range: Range<Int>) -> Int? {
    guard range.count <= 4 else { return nil }
    var value = 0
    for byte in bytes[range] {
      guard byte &- UInt8(ascii: "0") < 10 else { return nil }
      value = value * 10 + Int(byte &- UInt8(ascii: "0"))
    }
    return value
  }

  // MARK: Scalars

  private mutating func word(_ word: StaticString) throws(SocketError) {
    for place in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[place]) else { throw .json }
    }
  }

  private mutating func string() throws(SocketError) {
    guard take(UInt8(ascii: "\"")) else { throw .json }
    while let byte = next {
      index += 1
      if byte == UInt8(ascii: "\"") { return }
      guard byte >= 0x20 else { throw .json }
      if byte == UInt8(ascii: "\\") { try escape() }
    }
    throw .json
  }

  private mutating func escape() throws(SocketError) {
    guard let byte = next else { throw .json }
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return
    case UInt8(ascii: "u"):
      for _ in 0..<4 {
        guard let digit = next, JSONString.hex(digit) != nil else { throw .json }
        index += 1
      }
    default: throw .json
    }
  }

  private mutating func number() throws(SocketError) {
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
  }

  private mutating func digits() throws(SocketError) {
    let start = index
    while let byte = next, byte &- UInt8(ascii: "0") < 10 { index += 1 }
    guard index > start else { throw .json }
  }
}

/// The text that a JSON string means.
enum JSONString {
  static func hex(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
  }

  /// - Parameter quoted: a string that has been walked over, with its quotes.
  static func text(_ quoted: ArraySlice<UInt8>) -> String {
    let inner = quoted.dropFirst().dropLast()
    guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
    var units: [UInt16] = []
    var rest = inner
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\") {
        units.append(escaped(&rest))
      } else {
        let end = rest.firstIndex(of: UInt8(ascii: "\\")) ?? rest.endIndex
        units += Array(String(decoding: [byte] + rest[..<end], as: UTF8.self).utf16)
        rest = rest[end...]
      }
    }
    return String(decoding: units, as: UTF16.self)
  }

  private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt16 {
    switch rest.popFirst() {
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "u"):
      var unit: UInt16 = 0
      for _ in 0..<4 { unit = unit << 4 | (rest.popFirst().flatMap(hex) ?? 0) }
      return unit
    case let other: return UInt16(other ?? 0)
    }
  }
}
