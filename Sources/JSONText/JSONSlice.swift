/// One value inside of scanned bytes: its kind and place; it becomes a value when asked.
///
/// Each question takes the bytes that were scanned; with other bytes the answer is nil or meaningless, never a trap.
public struct JSONSlice: Sendable, Equatable {
  /// What stands there.
  public enum Kind: UInt8, Sendable { case null, bool, integer, number, string, array, object }

  /// What stands there.
  public let kind: Kind
  private let start: UInt32
  private let end: UInt32
  private let escaped: Bool

  init() {
    self.init(.null, 0..<0)
  }

  init(_ kind: Kind, _ range: Range<Int>, escaped: Bool = false) {
    self.kind = kind
    self.start = UInt32(truncatingIfNeeded: range.lowerBound)
    self.end = UInt32(truncatingIfNeeded: range.upperBound)
    self.escaped = escaped
  }

  /// Where the value stands; of a string, what is between the quotes.
  public var range: Range<Int> { Int(start)..<Int(end) }

  private func fits(_ bytes: Span<UInt8>) -> Bool { Int(end) <= bytes.count }

  /// The text, if this is a string.
  public func string(in bytes: Span<UInt8>) -> String? {
    guard kind == .string, fits(bytes) else { return nil }
    return JSONScalar.text(.init(range: range, escaped: escaped), bytes)
  }

  /// The integer, if this is one.
  public func integer(in bytes: Span<UInt8>) -> Int64? {
    guard kind == .integer, fits(bytes) else { return nil }
    return JSONScalar.integer(bytes, range)
  }

  /// The object's own members as slices, if this is an object.
  public func frame(in bytes: Span<UInt8>) throws(JSONError) -> JSONFrame? {
    guard kind == .object, fits(bytes) else { return nil }
    var scanner = JSONScanner(range, limits: .frame)
    return try JSONFrame(&scanner, bytes, depth: 1)
  }

  /// The value as a tree, with every strict rule.
  public func value(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    guard fits(bytes) else { return .null }
    if let text = string(in: bytes) { return .string(text) }
    var parser = JSONParser(range, limits: .frame)
    return try parser.document(bytes)
  }

  static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount, range.upperBound <= bytes.count else { return false }
    for place in 0..<range.count where bytes[range.lowerBound &+ place] != text.utf8Start[place] {
      return false
    }
    return true
  }
}
