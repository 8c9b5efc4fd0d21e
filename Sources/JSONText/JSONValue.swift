/// A JSON value as a tree.
///
/// - Shape: `42` is an integer; `42.0`, `4.2e1` and `-0` are numbers, so that an id is never a float by accident.
/// - Limits: integers reach ±(2^53 - 1), which every JSON reader keeps exactly.
/// - Source: RFC 8259, made strict as RFC 7493 (I-JSON) asks.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Reads one text, wholly and strictly.
  ///
  /// - Throws: ``JSONError`` with the rule and the byte.
  public init(parsing bytes: Span<UInt8>, limits: JSONLimits = .body) throws(JSONError) {
    try JSONLexer.checkText(bytes, limits: limits)
    var parser = JSONParser(bytes.indices, limits: limits)
    self = try parser.document(bytes)
  }

  /// Reads one text, wholly and strictly.
  public init(parsing bytes: [UInt8], limits: JSONLimits = .body) throws(JSONError) {
    try self.init(parsing: bytes.span, limits: limits)
  }

  /// Reads one text, wholly and strictly.
  public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .body) throws(JSONError) {
    try self.init(parsing: Array(bytes).span, limits: limits)
  }

  /// Reads one text, wholly and strictly.
  public init(parsing text: String, limits: JSONLimits = .body) throws(JSONError) {
    try self.init(parsing: Array(text.utf8).span, limits: limits)
  }
}

extension JSONValue {
  /// The text, if this is a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The integer, if this is one.
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  /// The truth, if this is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements, if this is an array.
  public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  /// The members, if this is an object.
  public var object: JSONObject? { if case .object(let members) = self { members } else { nil } }
  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The number, if this is an integer or a number.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The member of that name, if this is an object that has it.
  public subscript(name: String) -> JSONValue? { object?[name] }

  /// The element at that place, if this is an array that reaches so far.
  public subscript(place: Int) -> JSONValue? {
    guard let array, array.indices.contains(place) else { return nil }
    return array[place]
  }

  /// The value as JSON text without spaces.
  public var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.finish()
  }

  /// The value as JSON text without spaces.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// What kind of value this is, as a sentence says it.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .number: "a number with a fraction or exponent"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string as written in source.
  public init(stringLiteral text: String) { self = .string(text) }
  /// An integer as written in source.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number as written in source.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A boolean as written in source.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// `null`, written `nil`.
  public init(nilLiteral: ()) { self = .null }
  /// An array as written in source.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object as written in source; a name written twice keeps the last value.
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    var object = JSONObject()
    for (name, value) in members { object[name] = value }
    self = .object(object)
  }
}
