/// How far a bucket's log goes, and who says so.
public struct BucketCounter: Hashable, Sendable {
  /// The counter of its newest entry, 0 for none.
  public let newest: Int64
  /// A number of the server that says so, or of what it has become since: another one may lack what that one had.
  public let server: Int64

  /// Puts it together.
  public init(newest: Int64, server: Int64) {
    self.newest = newest
    self.server = server
  }
}
