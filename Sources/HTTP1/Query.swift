/// A query's parameters, in order; a name that stands twice stays visible.
///
/// - Shape: `before=41&limit=50`
/// - Limits: ``parametersMax`` parameters.
public struct Query: Sendable, Equatable {
  /// Number of parameters: 64, more than any route has.
  public static let parametersMax = 64

  /// Why a query was refused.
  public enum Failure: Error, Equatable, Sendable {
    /// A name or value is badly percent-encoded, no UTF-8, or holds NUL.
    case encoding
    /// There are more than ``Query/parametersMax`` parameters.
    case tooMany
  }

  /// The parameters, decoded.
  public let parameters: [(name: String, value: String)]

  /// Reads the query of a request; nil and the empty text have no parameters.
  public init(_ text: String?) throws(Failure) {
    var parameters: [(name: String, value: String)] = []
    let text = text ?? ""
    let bytes = text.utf8.span
    var start = 0
    while start < bytes.count {
      let end = bytes.index(of: UInt8(ascii: "&"), in: start..<bytes.count)
      defer { start = end &+ 1 }
      guard start < end else { continue }
      guard parameters.count < Query.parametersMax else { throw .tooMany }
      let equals = bytes.index(of: Byte.equals, in: start..<end)
      guard let name = PercentCoding.decode(bytes, start..<equals, plusIsSpace: true),
        let value = equals < end ? PercentCoding.decode(bytes, equals &+ 1..<end, plusIsSpace: true) : ""
      else { throw .encoding }
      parameters.append((name, value))
    }
    self.parameters = parameters
  }

  /// The first value of a name, or nil.
  public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// All values of a name.
  public func values(for name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

  /// The names in order, each as often as it stands.
  public var names: [String] { parameters.map(\.name) }

  /// A name that stands more than once, or nil; what it would mean is nobody's guess, so routes refuse it.
  public var repeatedName: String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }

  /// True when both have the same parameters in the same order.
  public static func == (left: Query, right: Query) -> Bool {
    left.parameters.elementsEqual(right.parameters) { $0 == $1 }
  }
}
