import ChatCore

/// Which failures of many addresses are worth a line: all connections of all loops of a node fail at once, again and
/// again.
///
/// - Limits: ``every``, ``most`` and ``quiet``.
struct Outages<Address: Hashable> {
  /// Between two lines about one address: often enough to see that it lasts.
  static var every: Milliseconds { 10_000 }
  /// Addresses remembered: more than a cluster has; past it all are forgotten, and told once more.
  static var most: Int { 2_048 }

  /// After so long without a failure an outage is over, whether or not anybody says so: else the end of a burst would
  /// be told as of now with the next failure, days later.
  static var quiet: Milliseconds { 3 * every }

  private var outages: [Address: (told: Milliseconds, last: Milliseconds, attempts: Int)] = [:]

  /// How many attempts failed since the last line, those of an outage that is over not counted; nil when there is to be
  /// no line.
  mutating func failed(_ address: Address, at now: Milliseconds) -> Int? {
    let known = outages[address].flatMap { now - $0.last < Self.quiet ? $0 : nil }
    let attempts = (known?.attempts ?? 0) + 1
    if let told = known?.told, now - told < Self.every {
      outages[address] = (told, now, attempts)
      return nil
    }
    if outages.count >= Self.most { outages = [:] }
    outages[address] = (now, now, 0)
    return attempts
  }

  /// Its outage is over; whether there was one.
  @discardableResult mutating func connected(_ address: Address) -> Bool {
    outages.removeValue(forKey: address) != nil
  }
}
