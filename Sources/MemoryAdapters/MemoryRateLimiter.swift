import ChatCore
import Synchronization

/// Counts what happens too often, for this process alone: for `martlet dev` and tests.
///
/// - Limits: ``TokenBuckets``.
/// - Isolation: thread-safe; all loops of a process share one.
public final class MemoryRateLimiter: RateLimiter {
  private let buckets: Mutex<TokenBuckets>
  private let clock: any Clock

  /// Counts by that clock.
  public init(clock: any Clock, keysMax: Int = 100_000) {
    self.clock = clock
    buckets = Mutex(TokenBuckets(keysMax: keysMax))
  }

  /// Takes `cost` tokens out of the bucket of `key`, if they are there.
  public func take(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) async -> RateDecision {
    decide(key, cost, capacity, refillPerSecond)
  }

  /// Itself: a call of it never waits.
  public var prompt: (any PromptLimiter)? { self }

  private func decide(_ key: String, _ cost: Int, _ capacity: Int, _ refillPerSecond: Double) -> RateDecision {
    let now = clock.now.milliseconds
    return buckets.withLock {
      $0.take(key, cost: cost, capacity: capacity, refillPerSecond: refillPerSecond, now: now)
    }
  }
}

extension MemoryRateLimiter: PromptLimiter {
  /// The same, told at once.
  public func take(
    _ key: String, cost: Int, capacity: Int, refillPerSecond: Double, told: @escaping @Sendable (RateDecision) -> Void
  ) {
    told(decide(key, cost, capacity, refillPerSecond))
  }
}
