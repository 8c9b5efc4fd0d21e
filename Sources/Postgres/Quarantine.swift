/// What waits because something of its bucket does not come back, and which buckets are in trouble.
///
/// While something of a bucket hangs, or has hung and nothing of it was answered since, the bucket holds one connection
/// of a pool and no more; all such buckets together hold half of them. Other buckets have the rest. Whoever reads is
/// held up by reading that hangs (a machine that is silent), not by writing (a lock).
///
/// - Limits: what waits is counted with all that waits in the pool; a bucket is remembered until it answers, and there
///   are 4096.
/// - Isolation: belongs to its pool.
struct Quarantine {
  /// How a flight ended.
  enum End {
    case answered, hung, lost
  }

  /// Buckets that have not answered since something hung; whether that was reading.
  private var troubled: [Int16: Bool] = [:]
  /// Those with something under way that will tell.
  private var probed: Set<Int16> = []
  private var held: [Int16: Fifo<Flight>] = [:]
  /// Buckets for which something waits, the one whose turn comes first at the front.
  private var order: [Int16] = []
  /// How many wait.
  private(set) var count = 0

  /// How many buckets are in trouble.
  var troubledCount: Int { troubled.count }

  /// Whether one of them is in trouble.
  func isTroubled(_ buckets: [Int16]) -> Bool { !troubled.isEmpty && buckets.contains { troubled[$0] != nil } }

  /// The bucket for whose answer it has to wait.
  func hindrance(of flight: Flight, atMost most: Int) -> Int16? {
    guard !troubled.isEmpty else { return nil }
    return flight.buckets.first { concerns(flight, $0) && (probed.contains($0) || probed.count >= most) }
  }

  private func concerns(_ flight: Flight, _ bucket: Int16) -> Bool {
    troubled[bucket].map { $0 || !flight.repeatable } ?? false
  }

  /// Lets it wait for that bucket.
  mutating func hold(_ flight: Flight, for bucket: Int16) {
    if held[bucket] == nil { order.append(bucket) }
    held[bucket, default: Fifo()].append(flight)
    count += 1
  }

  /// It was sent.
  mutating func began(_ flight: Flight) {
    guard !troubled.isEmpty else { return }
    for bucket in flight.buckets where concerns(flight, bucket) {
      flight.isProbe = true
      probed.insert(bucket)
    }
  }

  /// It ended; those that may go now, or have to wait again, in this order.
  mutating func ended(_ flight: Flight, as end: End) -> [Flight] {
    // A try ends, too, when another answer has meanwhile told that its bucket is well.
    guard end == .hung || flight.isProbe || count > 0 || !troubled.isEmpty else { return [] }
    let buckets = flight.buckets
    // Of a transaction that locks several the others may be well.
    let failed = end == .hung ? flight.bucketThatFailed : nil
    for bucket in failed.map({ [$0] }) ?? buckets {
      switch end {
      case .hung: troubled[bucket] = troubled[bucket] == true || flight.repeatable
      case .answered where !flight.repeatable || troubled[bucket] == true: troubled[bucket] = nil
      case .answered, .lost: break
      }
    }
    var freed: [Flight] = []
    if flight.isProbe {
      flight.isProbe = false
      probed.subtract(buckets)
      // Another bucket first: it may have recovered while this one was asked. One that can try: what waits only for
      // something slow would wait again, and leave the turn to nobody.
      let next = order.first { !buckets.contains($0) && troubled[$0] != nil && !probed.contains($0) }
      if let next { freed = release(next) }
    }
    return freed + buckets.flatMap { release($0) }
  }

  private mutating func release(_ bucket: Int16) -> [Flight] {
    guard var flights = held.removeValue(forKey: bucket) else { return [] }
    order.removeAll { $0 == bucket }
    count -= flights.count
    return flights.removeAll { _ in true }
  }

  /// Takes out all that satisfy a condition.
  mutating func removeAll(where condition: (Flight) -> Bool) -> [Flight] {
    var removed: [Flight] = []
    for bucket in order {
      removed += held[bucket]?.removeAll(where: condition) ?? []
      if held[bucket]?.isEmpty ?? true { held[bucket] = nil }
    }
    order.removeAll { held[$0] == nil }
    count -= removed.count
    return removed
  }
}

extension Flight {
  /// The bucket for which another one had better wait, since this one hangs there.
  func bucketHeldUp(for other: Flight) -> Int16? {
    guard repeatable || !other.repeatable else { return nil }
    let mine = buckets
    return other.buckets.first { mine.contains($0) }
  }
}
