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

  /// Reads a value of Content-Type.
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

  /// The type as it stands on the wire.
  public var description: String {
    parameters.reduce("\(type)/\(subtype)") { $0 + "; \($1.name)=\($1.value)" }
  }

  /// True when both are the same with the same parameters in the same order.
  public static func == (left: MediaType, right: MediaType) -> Bool {
    left.isSameType(as: right) && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
  }
}
