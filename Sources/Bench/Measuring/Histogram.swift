import JSONText

/// Counts values in buckets that grow with the value: three significant digits from one microsecond to over an hour.
///
/// - Shape: values below 2,048 have a bucket each; each doubling above is divided into 1,024. As JSON: the pairs of
///   every bucket that is not empty, `[index, count, distance to the next index, count, …]`.
/// - Units: microseconds; what is more than ``valueMax`` counts as that.
/// - Limits: 188 KB, whatever is recorded.
/// - Source: the idea is that of HdrHistogram; log-linear buckets, mergeable by addition.
struct Histogram: Sendable, Equatable {
  private static let exact = 2_048
  private static let half = 1_024
  /// Microseconds, 71 minutes: longer than any deadline of a run.
  static let valueMax: Int64 = 0xFFFF_FFFF
  /// Buckets: what ``valueMax`` needs.
  static let bucketsMax = exact + 21 * half

  private var counts = [UInt64](repeating: 0, count: Histogram.bucketsMax)
  /// How many values.
  private(set) var count: UInt64 = 0
  private var sum: UInt64 = 0

  /// One without values.
  init() {}

  static func bucket(of value: Int64) -> Int {
    let value = Int(min(max(value, 0), valueMax))
    guard value >= exact else { return value }
    let shift = 53 &- value.leadingZeroBitCount
    return exact &+ (shift &- 1) &* half &+ (value &>> shift) &- half
  }

  /// The largest value that falls into a bucket.
  static func top(of bucket: Int) -> Int64 {
    guard bucket >= exact else { return Int64(bucket) }
    let shift = (bucket - exact) / half + 1
    let mantissa = (bucket - exact) % half + half
    return Int64((mantissa + 1) << shift) - 1
  }

  /// Counts one value.
  mutating func record(_ microseconds: Int64) {
    counts[Self.bucket(of: microseconds)] &+= 1
    count &+= 1
    sum &+= UInt64(min(max(microseconds, 0), Self.valueMax))
  }

  /// Adds another one's values.
  mutating func merge(_ other: Histogram) {
    for bucket in counts.indices where other.counts[bucket] > 0 { counts[bucket] &+= other.counts[bucket] }
    count &+= other.count
    sum &+= other.sum
  }

  /// Forgets all values.
  mutating func removeAll() {
    guard count > 0 else { return }
    for bucket in counts.indices { counts[bucket] = 0 }
    (count, sum) = (0, 0)
  }

  /// The value that this share of all values does not exceed, at the precision of the buckets; 0 without values.
  func value(at share: Double) -> Int64 {
    guard count > 0 else { return 0 }
    let wanted = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for bucket in counts.indices where counts[bucket] > 0 {
      seen &+= counts[bucket]
      if seen >= wanted { return Self.top(of: bucket) }
    }
    return Self.valueMax
  }

  /// The largest value; 0 without values.
  var largest: Int64 { value(at: 1) }

  /// The mean; 0 without values.
  var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

  /// Values with the share of all that do not exceed them, one a bucket: the curve of a report.
  var curve: [(share: Double, value: Int64)] {
    var seen: UInt64 = 0
    return counts.indices.filter { counts[$0] > 0 }.map { bucket in
      seen &+= counts[bucket]
      return (Double(seen) / Double(max(count, 1)), Self.top(of: bucket))
    }
  }
}

extension Histogram {
  /// As JSON.
  var json: JSONValue {
    var numbers: [JSONValue] = []
    var last = 0
    for bucket in counts.indices where counts[bucket] > 0 {
      numbers.append(.integer(Int64(bucket - last)))
      numbers.append(.integer(Int64(clamping: counts[bucket])))
      last = bucket
    }
    return .array(numbers)
  }

  /// Reads what ``json`` has written; nothing when it is something else.
  init?(_ json: JSONValue?) {
    self.init()
    guard let numbers = json?.array, numbers.count % 2 == 0 else { return nil }
    var bucket = 0
    for place in stride(from: 0, to: numbers.count, by: 2) {
      guard let step = numbers[place].integer, let times = numbers[place + 1].integer, times >= 0,
        (0...Int64(Self.bucketsMax)).contains(step), bucket + Int(step) < Self.bucketsMax
      else { return nil }
      bucket += Int(step)
      counts[bucket] &+= UInt64(times)
      count &+= UInt64(times)
      sum &+= UInt64(Self.top(of: bucket)).multipliedReportingOverflow(by: UInt64(times)).partialValue
    }
  }
}
