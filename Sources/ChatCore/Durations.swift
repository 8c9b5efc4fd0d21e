/// How often something took how long: counts over fixed bounds. One loop's; added up when somebody asks.
///
/// - Units: milliseconds.
public struct Durations: Sendable, Hashable {
  /// Upper bounds: around the promises (250 ms, 2 s, 5 s, 10 s) and below.
  public static let bounds: [Milliseconds] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000]

  /// A count for each bound, of those that lie below it and above the one before.
  public private(set) var counts = [Int64](repeating: 0, count: Durations.bounds.count)
  /// How many there were, those above all bounds too.
  public private(set) var count: Int64 = 0
  /// What they took together.
  public private(set) var sum: Milliseconds = 0

  /// None.
  public init() {}

  /// One more. One below zero, as clocks of two machines may give, counts as none.
  public mutating func record(_ duration: Milliseconds) {
    let duration = max(0, duration)
    count += 1
    sum &+= duration
    if let index = Durations.bounds.firstIndex(where: { duration <= $0 }) { counts[index] += 1 }
  }

  /// Those of another loop too.
  public mutating func add(_ other: Durations) {
    count += other.count
    sum &+= other.sum
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}
