import ChatCore
import HTTP1

/// Counts requests by class, user and address, and says so in the answer's header.
///
/// - Source: draft-ietf-httpapi-ratelimit-headers: `RateLimit: "read";r=99;t=1`, `RateLimit-Policy: "read";q=100;w=10`.
public struct RateGate: Sendable {
  private let limiter: any RateLimiter
  private let policies: [RateClass: RatePolicy]

  /// Takes the shared buckets and the policies; a class without one is not limited.
  public init(limiter: any RateLimiter, policies: [RateClass: RatePolicy]) {
    self.limiter = limiter
    self.policies = policies
  }

  struct Pass {
    let headers: HeaderFields
    /// When to come back; nothing if the request may go on.
    let retryAfter: Milliseconds?
  }

  /// When an operation of a socket may come again; nil if it may go on. The same buckets as REST's.
  public func retryAfter(_ kind: RateClass, _ caller: Caller) async -> Milliseconds? {
    await pass(kind, caller: caller, address: "").retryAfter
  }

  /// Counts a request of that class.
  func pass(_ kind: RateClass, caller: Caller?, address: String) async -> Pass {
    await pass(kind, who: kind.isByAddress ? "a:" + address : "u:\(caller?.user.rawValue ?? 0)")
  }

  /// Counts a token that was refused, by address, as fast as signing in may fail there; in a bucket of its own, so that
  /// a client with an old token does not keep his neighbours from signing in.
  func refusedToken(address: String) async -> Pass { await pass(.signIn, who: "t:" + address) }

  private func pass(_ kind: RateClass, who: String) async -> Pass {
    guard let policy = policies[kind] else { return Pass(headers: [:], retryAfter: nil) }
    let decision = await limiter.take(
      "\(kind.rawValue):\(who)", cost: 1, capacity: policy.burst, refillPerSecond: policy.perSecond)
    let headers: HeaderFields = [
      "RateLimit-Policy": "\"\(kind.rawValue)\";q=\(policy.burst);w=\(policy.window)",
      "RateLimit": "\"\(kind.rawValue)\";r=\(decision.remaining);t=\(decision.resetAfter.secondsUp)",
    ]
    return Pass(headers: headers, retryAfter: decision.allowed ? nil : decision.retryAfter)
  }
}

extension Milliseconds {
  /// The whole seconds after which that time has passed.
  var secondsUp: Int64 { self / 1000 + (self % 1000 > 0 ? 1 : 0) }
}
