/// One row of a ``Shape``: a member, what it may be, and the sentence that documents it.
///
/// - Cost: an object, since every request goes by the rows and would copy them.
public final class Field: Sendable {
  /// Whether the member must be there, and what `null` means.
  public enum Need: Sendable {
    /// Must be there; `null` is refused.
    case required
    /// May be left out; `null` is the same as leaving it out.
    case optional
    /// May be left out; `null` is told apart, see ``Members/isNull(_:)``.
    case nullable
  }

  /// What a value may be.
  ///
  /// - Units: `bytes` counts UTF-8 bytes, `count` elements or members; both ends are allowed.
  public indirect enum Kind: Sendable {
    case string(bytes: ClosedRange<Int>, pattern: TextPattern? = nil)
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    case bool
    case oneOf([String])
    case array(of: Kind, count: ClosedRange<Int>)
    case object(Shape)
    /// An object whose names are data: `{"5121": 41}`.
    case map(names: Kind, values: Kind, count: ClosedRange<Int>)
    /// Any JSON value, bounded by the text's own limits.
    case any
  }

  /// The member's name.
  public let name: String
  /// Whether it must be there.
  public let need: Need
  /// What it may be.
  public let kind: Kind
  /// The sentence that documents it.
  public let summary: String
  /// What an absent optional member counts as.
  public let standard: JSONValue?

  /// A row, spelled out; the functions named after the kinds read better.
  public init(_ name: String, _ need: Need, _ kind: Kind, _ summary: String, standard: JSONValue? = nil) {
    self.name = name
    self.need = need
    self.kind = kind
    self.summary = summary
    self.standard = standard
  }
}

extension Field {
  /// A text.
  public static func string(
    _ name: String, _ need: Need, bytes: ClosedRange<Int>, pattern: TextPattern? = nil, _ summary: String
  ) -> Field { Field(name, need, .string(bytes: bytes, pattern: pattern), summary) }

  /// A whole number.
  public static func integer(
    _ name: String, _ need: Need, _ range: ClosedRange<Int64>, standard: Int64? = nil, _ summary: String
  ) -> Field { Field(name, need, .integer(range), summary, standard: standard.map { .integer($0) }) }

  /// A number that may have a fraction.
  public static func number(_ name: String, _ need: Need, _ range: ClosedRange<Double>, _ summary: String) -> Field {
    Field(name, need, .number(range), summary)
  }

  /// A truth.
  public static func bool(_ name: String, _ need: Need, standard: Bool? = nil, _ summary: String) -> Field {
    Field(name, need, .bool, summary, standard: standard.map { .bool($0) })
  }

  /// One of a few words.
  public static func oneOf(
    _ name: String, _ need: Need, _ words: [String], standard: String? = nil, _ summary: String
  ) -> Field { Field(name, need, .oneOf(words), summary, standard: standard.map { .string($0) }) }

  /// Several values of one kind.
  public static func array(
    _ name: String, _ need: Need, of kind: Kind, count: ClosedRange<Int>, _ summary: String
  ) -> Field { Field(name, need, .array(of: kind, count: count), summary) }

  /// An object with a shape of its own.
  public static func object(_ name: String, _ need: Need, _ shape: Shape, _ summary: String) -> Field {
    Field(name, need, .object(shape), summary)
  }

  /// An object whose names are data.
  public static func map(
    _ name: String, _ need: Need, names: Kind, values: Kind, count: ClosedRange<Int>, _ summary: String
  ) -> Field { Field(name, need, .map(names: names, values: values, count: count), summary) }

  /// Any JSON value.
  public static func any(_ name: String, _ need: Need, _ summary: String) -> Field {
    Field(name, need, .any, summary)
  }
}

extension ClosedRange where Bound == Int64 {
  /// Every id that JSON can carry: 1 to 2^53 - 1.
  public static var ids: ClosedRange<Int64> { 1...JSONLimits.integerMax }
}
