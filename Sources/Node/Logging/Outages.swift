import ChatCore

/// Which failures of many addresses are worth a line: all connections of all loops of a node fail at once, again and
/// again.
///
/// - Limits: ``every`` and ``most``.
struct Outages<Address: Hashable> {
  /// Between two lines about one address: often enough to see that it lasts.
  static var every: Milliseconds { 10_000 }
  /// Addresses remembered: more than a cluster has; past it all are forgotten, and told once more.
  static var most: Int { 2_048 }

  private var outages: [Address: (told: Milliseconds, attempts: Int)] = [:]

  /// How many attempts failed since the last line; nil when there is to be none.
  mutating func failed(_ address: Address, at now: Milliseconds) -> Int? {
    let attempts = (outages[address]?.attempts ?? 0) + 1
    if let told = outages[address]?.told, now - told < Self.every {
      outages[address] = (told, attempts)
      return nil
    }
    if outages.count >= Self.most { outages = [:] }
    outages[address] = (now, 0)
    return attempts
  }

  /// Its outage is over; whether there was one.
  @discardableResult mutating func connected(_ address: Address) -> Bool {
    outages.removeValue(forKey: address) != nil
  }
}
