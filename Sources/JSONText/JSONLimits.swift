/// What a JSON text may cost before it is refused.
///
/// - Units: bytes of the text; levels of nesting, where a scalar has none and `[[]]` has two.
public struct JSONLimits: Sendable {
  /// The longest text that is read, in bytes.
  public var bytesMax: Int
  /// The deepest nesting of arrays and objects.
  public var depthMax: Int

  /// The longest number, in bytes: no double needs more than 25, and reading digits is not free.
  static let numberBytesMax = 128
  /// The largest integer that every JSON reader keeps exactly, `2^53 - 1`.
  public static let integerMax: Int64 = 9_007_199_254_740_991

  /// Limits for a request's body: 1 MiB, because the longest message takes a sixteenth of it.
  public static let body = JSONLimits(bytesMax: 1 << 20, depthMax: 32)
  /// Limits for one socket frame: 64 KiB, because the longest message fits with room for its escapes.
  public static let frame = JSONLimits(bytesMax: 1 << 16, depthMax: 32)

  /// Limits of one's own, for texts that do not come from a client.
  public init(bytesMax: Int, depthMax: Int = 32) {
    self.bytesMax = bytesMax
    self.depthMax = depthMax
  }
}
