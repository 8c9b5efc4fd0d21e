import ChatCore
import IORuntime
import Redis

/// Counts what happens too often for all nodes together, in Redis; for itself when Redis is away or slow.
///
/// One script takes from a bucket atomically. Nobody waits longer than ``patience`` for it: a late answer, or none,
/// makes this loop count by its own share of the limit (capacity and pace divided by the loops of the cluster), and as
/// long as an answer of a master is overdue nobody waits for that master at all.
///
/// - Isolation: one a loop.
/// - Source: reliability.md C1, S05 and S22.
public final class RateBuckets: RateLimiter, PromptLimiter, @unchecked Sendable {
  /// What it has decided, and how; for metrics.
  public struct Counters: Sendable, Hashable {
    /// Decisions by Redis.
    public internal(set) var shared = 0
    /// Decisions by this loop alone.
    public internal(set) var local = 0
    /// Those of them for which Redis was too slow.
    public internal(set) var slow = 0
    /// All decisions that it happens too often.
    public internal(set) var refused = 0

    /// All zero.
    public init() {}

    mutating func note(_ decision: RateDecision, isShared: Bool) {
      if isShared { shared += 1 } else { local += 1 }
      if !decision.allowed { refused += 1 }
    }
  }

  /// Milliseconds that a request waits for Redis: a hundred times what it takes, and less than anybody notices.
  public static let patience: Int64 = 50

  private let loop: EventLoop
  private let client: RedisClient
  private let names: TopicNames
  private let shares: Int
  private let patience: Int64
  private let script = Scripts.take()
  private var own: TokenBuckets
  private var overdue: [RedisAddress: Int] = [:]
  private var counted = Counters()

  /// Counts over `client`.
  ///
  /// - Parameters:
  ///   - shares: the loops in the cluster, among which a limit is divided without Redis.
  ///   - patience: milliseconds that a request waits for Redis.
  public init(
    loop: EventLoop, client: RedisClient, names: TopicNames = .standard, shares: Int = 1, keysMax: Int = 100_000,
    patience: Int64 = RateBuckets.patience
  ) {
    self.patience = patience
    self.loop = loop
    self.client = client
    self.names = names
    self.shares = max(1, shares)
    own = TokenBuckets(keysMax: keysMax)
  }

  /// What it has decided so far.
  public var counters: Counters { counted }

  /// Takes `cost` tokens out of the bucket of `key`, if they are there; at most ``patience`` later.
  public func take(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) async -> RateDecision {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<RateDecision, Never>) in
      take(key, cost: cost, capacity: capacity, refillPerSecond: refillPerSecond) { continuation.resume(returning: $0) }
    }
  }

  /// Itself.
  public var prompt: (any PromptLimiter)? { self }

  /// The same for those who are called back.
  public func take(
    _ key: String, cost: Int, capacity: Int, refillPerSecond: Double, told: @escaping @Sendable (RateDecision) -> Void
  ) {
    let bucket = names.key(in: Bucket(ofUsernameKey: key), "r:" + key)
    let arguments = [String(capacity), String(refillPerSecond.isFinite ? refillPerSecond : 0), String(cost)]
    ask(bucket, arguments) { [self] shared in
      let decision = shared ?? takeAlone(key, cost: cost, capacity: capacity, refillPerSecond: refillPerSecond)
      counted.note(decision, isShared: shared != nil)
      told(decision)
    }
  }

  private func takeAlone(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) -> RateDecision {
    own.take(
      // What the whole bucket holds at once, a share must be able to hold too, if only after a while.
      key, cost: cost, capacity: max(1, min(cost, capacity), capacity / shares),
      refillPerSecond: refillPerSecond / Double(shares), now: EventLoop.monotonicMilliseconds())
  }

  private func ask(_ bucket: String, _ arguments: [String], _ told: @escaping (RateDecision?) -> Void) {
    let master = client.master(of: bucket)
    if let master, !overdue.isEmpty, overdue[master] != nil { return told(nil) }
    let question = Question(to: master, told)
    do throws(RedisError) {
      try client.submit(script, keys: [bucket], arguments: arguments) { self.answered(question, $0) }
      question.timer = loop.schedule(after: patience) { self.lostPatience(question) }
    } catch {
      question.answer(nil)
    }
  }

  private func answered(_ question: Question, _ result: Result<RedisReply, RedisError>) {
    if question.isLate, let master = question.master {
      let left = (overdue[master] ?? 1) - 1
      overdue[master] = left > 0 ? left : nil
    }
    question.answer((try? result.get()).flatMap(RateBuckets.decision))
  }

  private func lostPatience(_ question: Question) {
    if let master = question.master { overdue[master, default: 0] += 1 }
    counted.slow += 1
    question.isLate = true
    question.answer(nil)
  }

  /// The longest wait that is ever named, as in a process's own buckets: a day.
  static let longest: Milliseconds = 86_400_000

  static func decision(_ reply: RedisReply) -> RateDecision? {
    guard let parts = reply.elements, parts.count == 4, let taken = parts[0].integer,
      let left = parts[1].integer.flatMap(Int.init(exactly:)), let retry = parts[2].integer,
      let reset = parts[3].integer
    else { return nil }
    // Clients are told these, and reckon with them: what no bucket of ours says is brought back to what one may.
    return RateDecision(
      allowed: taken == 1, remaining: max(0, left), retryAfter: min(max(0, retry), RateBuckets.longest),
      resetAfter: min(max(0, reset), RateBuckets.longest))
  }

  /// One request that waits; answered once, by whoever is first.
  private final class Question {
    let master: RedisAddress?
    var timer: LoopTimer?
    var isLate = false
    private var told: ((RateDecision?) -> Void)?

    init(to master: RedisAddress?, _ told: @escaping (RateDecision?) -> Void) {
      self.told = told
      self.master = master
    }

    func answer(_ decision: RateDecision?) {
      timer?.cancel()
      guard let told else { return }
      self.told = nil
      told(decision)
    }
  }
}
