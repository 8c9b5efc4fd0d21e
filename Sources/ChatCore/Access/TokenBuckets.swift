/// Token buckets by key: each holds up to its capacity and fills at its own pace; what is taken must be there.
///
/// - Limits: between `keysMax` and twice as many keys are remembered; of those beyond, the ones longest unused are
///   forgotten, and begin full again.
/// - Units: `now` is in milliseconds of any clock; one that goes back adds nothing.
public struct TokenBuckets: Sendable {
  private struct Bucket {
    var tokens: Double
    var at: Milliseconds
  }

  /// The longest wait that is ever named: a day.
  private static let longest: Milliseconds = 86_400_000

  private let keysMax: Int
  private var young: [String: Bucket] = [:]
  private var old: [String: Bucket] = [:]

  /// Remembers no key yet. 100,000 keys take some 10 MB.
  public init(keysMax: Int = 100_000) { self.keysMax = max(1, keysMax) }

  /// How many keys are remembered.
  public var count: Int { young.count + old.count }

  /// Takes `cost` tokens out of the bucket of `key`, if they are there; see
  /// ``RateLimiter/take(_:cost:capacity:refillPerSecond:)``.
  public mutating func take(
    _ key: String, cost: Int, capacity: Int, refillPerSecond: Double, now: Milliseconds
  ) -> RateDecision {
    let most = Double(max(0, capacity))
    let refill = refillPerSecond.isFinite ? max(0, refillPerSecond) : 0
    var bucket = young[key] ?? old.removeValue(forKey: key) ?? Bucket(tokens: most, at: now)
    let (elapsed, overflow) = now.subtractingReportingOverflow(bucket.at)
    let passed = overflow ? 0 : max(0, elapsed)
    bucket.tokens = min(most, bucket.tokens + Double(passed) * refill / 1_000)
    bucket.at = now
    let price = Double(cost)
    let allowed = price <= 0 || bucket.tokens >= price
    if allowed { bucket.tokens = min(most, bucket.tokens - price) }
    remember(bucket, for: key)
    return RateDecision(
      allowed: allowed, remaining: Int(min(bucket.tokens, 9_007_199_254_740_991)),
      retryAfter: allowed ? 0 : TokenBuckets.wait(for: price - bucket.tokens, at: refill),
      resetAfter: TokenBuckets.wait(for: most - bucket.tokens, at: refill))
  }

  private mutating func remember(_ bucket: Bucket, for key: String) {
    if young[key] == nil, young.count >= keysMax {
      old = young
      young = [:]
    }
    young[key] = bucket
  }

  private static func wait(for tokens: Double, at refill: Double) -> Milliseconds {
    guard tokens > 0 else { return 0 }
    guard refill > 0 else { return longest }
    return Milliseconds(min(Double(longest), (tokens * 1_000 / refill).rounded(.up)))
  }
}
