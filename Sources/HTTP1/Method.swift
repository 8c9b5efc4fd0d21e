/// A request's method, as it was sent: methods are case-sensitive, so `get` is not ``get``.
///
/// - Source: RFC 9110 section 9.
public struct Method: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The token on the wire.
  public let rawValue: String

  /// A method by its token; the parser has checked it, tests may write anything.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Reads.
  public static let get = Method(rawValue: "GET")
  /// Reads the header alone.
  public static let head = Method(rawValue: "HEAD")
  /// Creates, or asks for work.
  public static let post = Method(rawValue: "POST")
  /// Replaces.
  public static let put = Method(rawValue: "PUT")
  /// Changes a part.
  public static let patch = Method(rawValue: "PATCH")
  /// Removes.
  public static let delete = Method(rawValue: "DELETE")
  /// Asks what is possible; a browser's preflight.
  public static let options = Method(rawValue: "OPTIONS")

  /// The token.
  public var description: String { rawValue }
}
