/// The members of an object that kept its ``Shape``, by name and type.
///
/// A required member is always there; asking for a name that has no row gives nil.
public struct Members: Sendable, Equatable {
  private let values: JSONObject

  init(_ values: JSONObject) { self.values = values }

  /// Whether the client sent the member (or it has a standard value), `null` included if the row tells it apart.
  public func has(_ name: String) -> Bool { values[name] != nil }
  /// Whether the client sent `null` for a member whose row tells it apart.
  public func isNull(_ name: String) -> Bool { values[name]?.isNull ?? false }

  /// A text.
  public func string(_ name: String) -> String? { values[name]?.string }
  /// A whole number.
  public func integer(_ name: String) -> Int64? { values[name]?.integer }
  /// A number.
  public func number(_ name: String) -> Double? { values[name]?.number }
  /// A truth.
  public func bool(_ name: String) -> Bool? { values[name]?.bool }
  /// The elements of an array of whole numbers.
  public func integers(_ name: String) -> [Int64]? { values[name]?.array?.compactMap(\.integer) }
  /// The elements of an array of texts.
  public func strings(_ name: String) -> [String]? { values[name]?.array?.compactMap(\.string) }
  /// The members of an object within.
  public func members(_ name: String) -> Members? { values[name]?.object.map(Members.init) }
  /// The members of each object of an array.
  public func list(_ name: String) -> [Members]? { values[name]?.array?.compactMap { $0.object.map(Members.init) } }
  /// The names and values of an object whose names are data.
  public func pairs(_ name: String) -> [JSONObject.Entry]? { values[name]?.object?.entries }
}
