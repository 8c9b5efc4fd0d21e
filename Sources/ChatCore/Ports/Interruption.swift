/// Which topics a broker no longer hears: all, or those of some buckets, when it is spread over several servers.
public struct Interruption: Hashable, Sendable {
  /// Nil for all.
  private let buckets: Set<Bucket>?

  /// Of all topics.
  public static let whole = Interruption(buckets: nil)

  private init(buckets: Set<Bucket>?) { self.buckets = buckets }

  /// Of the topics of these buckets.
  public init(of buckets: Set<Bucket>) { self.init(buckets: buckets) }

  /// Whether nothing is heard of a bucket's topics.
  public func concerns(_ bucket: Bucket) -> Bool { buckets?.contains(bucket) ?? true }
}
