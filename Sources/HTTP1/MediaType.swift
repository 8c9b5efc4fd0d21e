/// A media type with its parameters.
///
/// - Shape: `application/json; charset=utf-8`
/// - Source: RFC 9110 section 8.3.1.
public struct MediaType: Sendable, Equatable, CustomStringConvertible {
  /// The type, in lower case: `application`; `*` in a range.
  public let type: String

  /// The subtype, in lower case: `json`; `*` in a range.
  public let subtype: String

  /// The parameters; names in lower case, values as they were, unquoted.
  public let parameters: [(name: String, value: String)]

  /// A type by its parts.
  public init(_ type: String, _ subtype: String, parameters: [(name: String, value: String)] = []) {
    self.type = type
    self.subtype = subtype
    self.parameters = parameters
  }

  /// Reads a value of Content-Type, or one element of Accept.
  ///
  /// - Returns: nil when it does not follow the grammar.
  public init?(parsing text: String) {
    let parts = FieldList.split(text, at: Byte.semicolon)
    guard let first = parts.first else { return nil }
    let names = first.split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ FieldList.isToken($0) }) else { return nil }
    var parameters: [(name: String, value: String)] = []
    for part in parts.dropFirst() where !part.isEmpty {
      guard let parameter = FieldList.parameter(part) else { return nil }
      parameters.append(parameter)
    }
    self.init(names[0].lowercased(), names[1].lowercased(), parameters: parameters)
  }

  /// JSON in UTF-8.
  public static let json = MediaType("application", "json")

  /// The value of a parameter.
  public subscript(parameter: String) -> String? { parameters.first { $0.name == parameter }?.value }

  /// The charset in lower case, or nil.
  public var charset: String? { self["charset"]?.lowercased() }

  /// True when both name the same type, whatever the parameters.
  public func isSameType(as other: MediaType) -> Bool { type == other.type && subtype == other.subtype }

  /// True when this range takes the type.
  public func accepts(_ other: MediaType) -> Bool {
    (type == "*" && subtype == "*") || (type == other.type && (subtype == "*" || subtype == other.subtype))
  }

  /// The type as it stands on the wire.
  public var description: String {
    parameters.reduce("\(type)/\(subtype)") { $0 + "; \($1.name)=\($1.value)" }
  }

  /// True when both are the same with the same parameters in the same order.
  public static func == (left: MediaType, right: MediaType) -> Bool {
    left.isSameType(as: right) && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
  }
}

/// What a client says it takes.
///
/// - Source: RFC 9110 section 12.5.1.
public enum Accept {
  /// The best of what is offered for the values of Accept, the earlier winning among equals.
  ///
  /// - Returns: the first offer when there is no Accept; nil when nothing offered is taken.
  public static func choose(among offered: [MediaType], accept values: [String]) -> MediaType? {
    let ranges = values.flatMap { FieldList.split($0, at: Byte.comma) }.compactMap(MediaType.init(parsing:))
    if ranges.isEmpty { return offered.first }
    var best: (type: MediaType, quality: Int)?
    for type in offered {
      let quality = quality(of: type, in: ranges)
      if quality > best?.quality ?? 0 { best = (type, quality) }
    }
    return best?.type
  }

  /// The quality in thousandths that the most specific range gives.
  private static func quality(of type: MediaType, in ranges: [MediaType]) -> Int {
    var found = (specificity: -1, quality: 0)
    for range in ranges where range.accepts(type) {
      let specificity = range.type == "*" ? 0 : range.subtype == "*" ? 1 : 2
      if specificity > found.specificity { found = (specificity, thousandths(range["q"] ?? "1")) }
    }
    return found.quality
  }

  /// `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3"0" ] )`; anything else counts as 0.
  static func thousandths(_ text: String) -> Int {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, whole.elementsEqual("0".utf8) || whole.elementsEqual("1".utf8) else { return 0 }
    var value = whole.elementsEqual("1".utf8) ? 1000 : 0
    var weight = 100
    for digit in parts.dropFirst().joined() {
      guard Byte.isDigit(digit), weight > 0 else { return 0 }
      value += Int(digit &- Byte.zero) * weight
      weight /= 10
    }
    return value <= 1000 ? value : 0
  }
}
