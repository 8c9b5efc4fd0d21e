/// Counts what happens too often, for all nodes together.
public protocol RateLimiter: Sendable {
  /// Takes `cost` tokens out of the bucket of `key`, which holds `capacity` and fills by `refillPerSecond`; a negative
  /// cost gives tokens back, no more than the bucket holds.
  ///
  /// Never fails: what counts for all nodes is away, so each counts for itself.
  func take(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) async -> RateDecision
  /// The same buckets for callers who are called back; nil where there is none.
  var prompt: (any PromptLimiter)? { get }
}

extension RateLimiter {
  /// None.
  public var prompt: (any PromptLimiter)? { nil }
}

/// A limiter that says by a call what it decided: for those for whom a task to wait in costs too much.
///
/// - Isolation: one loop, which it calls back on.
public protocol PromptLimiter: Sendable {
  /// Does as ``RateLimiter/take(_:cost:capacity:refillPerSecond:)``, and calls `told` once, be it before this returns.
  func take(
    _ key: String, cost: Int, capacity: Int, refillPerSecond: Double, told: @escaping @Sendable (RateDecision) -> Void)
}

/// Whether a request may go on.
public struct RateDecision: Sendable, Hashable {
  /// Whether the tokens were there.
  public let allowed: Bool
  /// How many are left.
  public let remaining: Int
  /// When the tokens would be there, if they were not.
  public let retryAfter: Milliseconds
  /// When the bucket is full again.
  public let resetAfter: Milliseconds

  /// A decision.
  public init(allowed: Bool, remaining: Int, retryAfter: Milliseconds, resetAfter: Milliseconds) {
    self.allowed = allowed
    self.remaining = remaining
    self.retryAfter = retryAfter
    self.resetAfter = resetAfter
  }
}
