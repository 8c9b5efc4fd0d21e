import ChatCore
import IORuntime

/// Lanes that may depart, the longest waiting first, and until when their transactions under way are waited for.
final class DueLanes {
  /// How long after a departure of others they are taken to want more, in milliseconds: who sends four times a second.
  static let othersRemembered: Int64 = 250
  /// The longest rest, in milliseconds: a tenth of what a delivery may take.
  static let restMax: Int64 = 25

  var waiting: [Bucket] = []
  /// Until when each of the transactions under way is waited for.
  var awaited: [Int64] = []
  /// Whether a timer will look at them again.
  var isHolding = false
  /// When one of theirs has last departed.
  var departedAt: Int64 = 0
  /// Until when none of them departs.
  var restsUntil: Int64 = 0

  /// A transaction is over, one that was waited for until then.
  func over(awaitedUntil end: Int64) {
    if let index = awaited.firstIndex(of: end) { awaited.remove(at: index) }
  }

  /// Leaves the machine to others for as long as a transaction of its own took, if they want it.
  func rest(after took: Int64, at now: Int64, others: DueLanes, machineIsFull: () -> Bool) {
    guard now < others.departedAt + Self.othersRemembered, machineIsFull() else { return }
    restsUntil = now + min(took, Self.restMax)
  }
}

/// Buckets of which much is stored at once. They go apart from the others: whoever has one message to store neither
/// waits for the end of their transactions nor shares one of their hundreds.
///
/// - Cost: at most twice as many commits, where both kinds are busy.
/// - Limits: each is remembered for ``remembered`` milliseconds; so there are no more than lanes of that time.
struct HeavyBuckets {
  /// Sends of one batch from which a bucket is heavy: so many within one commit are thousands a second, more than
  /// people write in one conversation, and share the commit well enough among themselves.
  static let from = 16
  /// How long, in milliseconds, it counts as heavy after such a batch: some transactions of a busy machine, between
  /// which a batch may be small.
  static let remembered: Int64 = 100
  /// From so many on those are forgotten whose time has passed.
  private static let tidiedFrom = 64

  private var until: [Bucket: Int64] = [:]

  /// A batch of so many has departed.
  mutating func departed(_ bucket: Bucket, sends: Int, at now: Int64) {
    guard sends >= Self.from else { return }
    if until.count >= Self.tidiedFrom { until = until.filter { $0.value > now } }
    until[bucket] = now + Self.remembered
  }

  /// Takes them out of the first `most` of a line, into one of their own; `sends` says how many of a bucket wait.
  func leave(
    _ line: DueLanes, for own: DueLanes, among most: Int, at now: Int64 = EventLoop.monotonicMilliseconds(),
    sends: (Bucket) -> Int
  ) {
    var place = 0
    while place < min(most, line.waiting.count) {
      let bucket = line.waiting[place]
      let isHeavy = sends(bucket) >= Self.from || until[bucket].map { $0 > now } ?? false
      if isHeavy { own.waiting.append(line.waiting.remove(at: place)) } else { place += 1 }
    }
  }
}
