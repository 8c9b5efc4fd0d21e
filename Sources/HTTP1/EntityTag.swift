/// An entity tag: which version of a thing this is.
///
/// - Shape: `"v42"`, weak `W/"v42"`.
/// - Source: RFC 9110 sections 8.8.3 and 13.1.
public struct EntityTag: Sendable, Hashable, CustomStringConvertible {
  /// What stands between the quotes.
  public let opaque: String

  /// True when equal tags promise only equal meaning, not equal bytes.
  public let isWeak: Bool

  /// A tag by its parts; bytes that no tag may have are left out.
  public init(_ opaque: String, isWeak: Bool = false) {
    self.opaque = String(decoding: opaque.utf8.filter(EntityTag.isTagByte), as: UTF8.self)
    self.isWeak = isWeak
  }

  /// Reads a tag.
  ///
  /// - Returns: nil when it does not follow the grammar.
  public init?(parsing text: String) {
    let isWeak = text.hasPrefix("W/")
    let quoted = text.utf8.dropFirst(isWeak ? 2 : 0)
    guard quoted.count >= 2, quoted.first == Byte.quote, quoted.last == Byte.quote else { return nil }
    let inner = quoted.dropFirst().dropLast()
    guard inner.allSatisfy(EntityTag.isTagByte) else { return nil }
    self.opaque = String(decoding: inner, as: UTF8.self)
    self.isWeak = isWeak
  }

  private static func isTagByte(_ byte: UInt8) -> Bool {
    byte > Byte.space && byte != Byte.quote && byte != Byte.delete
  }

  /// The tag as it stands on the wire.
  public var description: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }

  /// True when the opaque parts are equal; what If-None-Match compares by.
  public func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

  /// True when both are strong and equal; what If-Range compares by.
  public func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

  /// True when If-None-Match holds what the client has already: the answer is 304.
  public static func isUnchanged(_ current: EntityTag, ifNoneMatch values: [String]) -> Bool {
    FieldList.elements(values).contains { $0 == "*" || EntityTag(parsing: $0)?.matchesWeakly(current) == true }
  }
}
