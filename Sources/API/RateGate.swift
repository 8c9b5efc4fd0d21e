import ChatCore
import HTTP1

/// Counts requests by class, user and address, and says so in the answer's header.
///
/// What fails at signing in is counted in three buckets: of the address, of the account at that address, and of the
/// account at all addresses (``accountShare`` times as many). While one of them is empty the right password is refused
/// too, so that it cannot be told from a wrong one; but who guesses from one place does not keep the owner from signing
/// in at another. Every name is counted, known or not. Who gives his password again, to change it or to end his
/// account, is counted by his id in the same way, whoever has his token.
///
/// - Source: draft-ietf-httpapi-ratelimit-headers: `RateLimit: "read";r=99;t=1`, `RateLimit-Policy: "read";q=100;w=10`.
public struct RateGate: Sendable {
  private let limiter: any RateLimiter
  private let policies: [RateClass: RatePolicy]

  /// How many times the failures of an account at one address it may have at all of them: ten, a hundred in a quarter
  /// of an hour by default, which finds no password and needs ten addresses.
  static let accountShare = 10
  /// Bytes of a name that tell it from others here: 256, more than any account's. A door may count before it looks how
  /// long a name is, and what is counted is remembered.
  static let nameBytesMax = 256

  /// Takes the shared buckets and the policies; a class without one is not limited.
  public init(limiter: any RateLimiter, policies: [RateClass: RatePolicy]) {
    self.limiter = limiter
    self.policies = policies
  }

  struct Pass {
    let headers: HeaderFields
    /// When to come back; nothing if the request may go on.
    let retryAfter: Milliseconds?
    /// When the bucket is full.
    let resetAfter: Milliseconds

    static let unlimited = Pass(headers: [:], retryAfter: nil, resetAfter: 0)
  }

  /// When an operation of a socket may come again; nil if it may go on. The same buckets as REST's.
  public func retryAfter(_ kind: RateClass, _ caller: Caller) async -> Milliseconds? {
    await pass(kind, caller: caller, address: "").retryAfter
  }

  /// The same for those who are called back, once, be it before this returns.
  ///
  /// - Returns: false when that cannot be said without a task; then nothing was counted, and nobody is called.
  public func ask(_ kind: RateClass, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void) -> Bool {
    guard let bucket = bucket(kind, of: caller, at: "") else {
      told(nil)
      return true
    }
    guard let limiter = limiter.prompt else { return false }
    limiter.take(
      bucket.key, cost: 1, capacity: bucket.policy.burst, refillPerSecond: bucket.policy.perSecond
    ) { told($0.allowed ? nil : $0.retryAfter) }
    return true
  }

  /// Counts a request of that class; one of nobody counts for its address.
  func pass(_ kind: RateClass, caller: Caller?, address: String) async -> Pass {
    guard let bucket = bucket(kind, of: caller, at: address) else { return .unlimited }
    return await take(1, from: bucket)
  }

  // MARK: Signing in

  /// One try at signing in, or at refreshing, which names no account.
  struct Attempt {
    let pass: Pass
    fileprivate let taken: [Bucket]
  }

  /// Counts a try as failed until it is known not to be: a thousand at once are as slow as one after the other.
  ///
  /// - Parameter caller: who gives his password again; his guesses are those of whoever has got his token.
  func begin(username: String?, caller: Caller? = nil, address: String) async -> Attempt {
    var taken: [Bucket] = []
    var first: Pass?
    for bucket in buckets(username.map(RateGate.account) ?? caller.map(RateGate.account), IPAddress.block(of: address))
    {
      let pass = await take(1, from: bucket)
      guard pass.retryAfter == nil else {
        await giveBack(Attempt(pass: pass, taken: taken))
        return Attempt(pass: pass, taken: [])
      }
      taken.append(bucket)
      first = first ?? pass
    }
    return Attempt(pass: first ?? .unlimited, taken: taken)
  }

  /// The try has not failed, or not by its sender's fault.
  func giveBack(_ attempt: Attempt) async {
    for bucket in attempt.taken { _ = await take(-1, from: bucket) }
  }

  private static func account(_ username: String) -> Account {
    ("n", Username.key(of: String(decoding: username.utf8.prefix(nameBytesMax), as: UTF8.self)))
  }

  /// Kept apart from names, of which anybody may try any.
  private static func account(_ caller: Caller) -> Account { ("i", "\(caller.user.rawValue)") }

  private typealias Account = (kind: String, key: String)

  private func buckets(_ account: Account?, _ block: String) -> [Bucket] {
    guard let account else { return [bucket(.signIn, "a:" + block)].compactMap(\.self) }
    return [
      bucket(.signIn, "a:" + block), bucket(.signInAccount, "\(account.kind):\(block) \(account.key)"),
      bucket(.signInAccount, "\(account.kind):* \(account.key)", times: RateGate.accountShare),
    ].compactMap(\.self)
  }

  // MARK: Buckets

  /// Half of what a bucket of that class holds; 0 of one that is not counted.
  func burstHalf(_ kind: RateClass) -> Int { (policies[kind]?.burst ?? 0) / 2 }

  fileprivate struct Bucket {
    let kind: RateClass
    let key: String
    let policy: RatePolicy
  }

  private func bucket(_ kind: RateClass, of caller: Caller?, at address: String) -> Bucket? {
    let user = kind.isByAddress ? nil : caller?.user.rawValue
    return bucket(kind, user.map { "u:\($0)" } ?? "a:" + IPAddress.block(of: address))
  }

  private func bucket(_ kind: RateClass, _ who: String, times: Int = 1) -> Bucket? {
    policies[kind].map { policy in
      let share = RatePolicy(
        burst: policy.burst.multipliedReportingOverflow(by: times).partialValue,
        perSecond: policy.perSecond * Double(times))
      return Bucket(kind: kind, key: "\(kind.rawValue):\(who)", policy: share)
    }
  }

  private func take(_ cost: Int, from bucket: Bucket) async -> Pass {
    let (kind, policy) = (bucket.kind, bucket.policy)
    let decision = await limiter.take(
      bucket.key, cost: cost, capacity: policy.burst, refillPerSecond: policy.perSecond)
    let headers: HeaderFields = [
      "RateLimit-Policy": "\"\(kind.rawValue)\";q=\(policy.burst);w=\(policy.window)",
      "RateLimit": "\"\(kind.rawValue)\";r=\(decision.remaining);t=\(decision.resetAfter.secondsUp)",
    ]
    return Pass(
      headers: headers, retryAfter: decision.allowed ? nil : decision.retryAfter, resetAfter: decision.resetAfter)
  }
}

extension Milliseconds {
  /// The whole seconds after which that time has passed.
  var secondsUp: Int64 { self / 1000 + (self % 1000 > 0 ? 1 : 0) }
}
