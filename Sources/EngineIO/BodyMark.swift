/// What tells a body of packets from the client's others: his mark of the request, and what is in it.
///
/// The contents count too, since clients that mark by the millisecond may send two bodies in one.
public struct BodyMark: Sendable, Equatable {
  private let stamp: String
  private let contents: Int

  /// The mark of a body; nil when the request bears none.
  public init?(stamp: String?, body: [UInt8]) {
    guard let stamp else { return nil }
    self.stamp = stamp
    var hasher = Hasher()
    body.withUnsafeBytes { hasher.combine(bytes: $0) }
    contents = hasher.finalize()
  }
}
