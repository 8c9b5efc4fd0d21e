/// How much of a request is taken before it is refused.
///
/// What is over a limit is never buffered: the refusal comes with the first byte past it.
public struct RequestLimits: Sendable, Equatable {
  /// Bytes of the request line without its end: 8 KiB, what browsers and balancers agree on for a URI (414).
  public var requestLineBytesMax: Int

  /// Bytes of all header lines with their ends: 16 KiB, room for a token of 4 KiB and a balancer's additions (431).
  public var headerBytesMax: Int

  /// Number of header fields: 100, several times what a browser sends (431).
  public var headerFieldsMax: Int

  /// Bytes of a body, decoded: 1 MiB; a route that takes uploads raises it with ``RequestParser/limitBody(to:)`` (413).
  public var bodyBytesMax: Int

  /// Bytes of one chunk's size line without its end: 256, since no extension means anything to us (400).
  public var chunkLineBytesMax: Int

  /// Bytes of all chunk extensions of a body: 4 KiB, so that tiny chunks cannot hide a flood (400).
  public var chunkExtensionBytesMax: Int

  /// Bytes of all trailer lines with their ends: 4 KiB; they are checked and dropped (431).
  public var trailerBytesMax: Int

  /// Limits with their defaults.
  public init(
    requestLineBytesMax: Int = 8 * 1024, headerBytesMax: Int = 16 * 1024, headerFieldsMax: Int = 100,
    bodyBytesMax: Int = 1024 * 1024, chunkLineBytesMax: Int = 256, chunkExtensionBytesMax: Int = 4 * 1024,
    trailerBytesMax: Int = 4 * 1024
  ) {
    self.requestLineBytesMax = requestLineBytesMax
    self.headerBytesMax = headerBytesMax
    self.headerFieldsMax = headerFieldsMax
    self.bodyBytesMax = bodyBytesMax
    self.chunkLineBytesMax = chunkLineBytesMax
    self.chunkExtensionBytesMax = chunkExtensionBytesMax
    self.trailerBytesMax = trailerBytesMax
  }

  /// Bytes of a method: 32, longer than any registered one (501).
  static let methodBytesMax = 32

  /// Empty lines taken before a request line: 2, since old clients end a body with one (RFC 9112 section 2.2).
  static let leadingEmptyLinesMax = 2

  /// Digits of a chunk's size: 16, what a 64-bit number has.
  static let chunkSizeDigitsMax = 16
}
