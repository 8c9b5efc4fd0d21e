import JSONText

/// What a worker has counted and timed.
struct Tally {
  /// How often something was, by name: `sent`, `delivered`, `refused rate_limited`.
  private(set) var counts: [String: Int64] = [:]
  /// Latencies by name.
  private(set) var times: [String: Histogram] = [:]
  /// Hot ones have places of their own.
  var sent: Int64 = 0
  var acknowledged: Int64 = 0
  var delivered: Int64 = 0
  var delivery = Histogram()
  var acknowledgement = Histogram()

  /// Kinds of things that are counted by name: what a target says may not fill the memory.
  static let namesMax = 200

  mutating func count(_ name: String, _ times: Int64 = 1) {
    guard counts[name] != nil || counts.count < Self.namesMax else { return }
    counts[name, default: 0] &+= times
  }

  mutating func time(_ name: String, _ microseconds: Int64) {
    times[name, default: Histogram()].record(microseconds)
  }

  mutating func merge(_ other: Tally) {
    for (name, number) in other.counts { count(name, number) }
    for (name, histogram) in other.times { times[name, default: Histogram()].merge(histogram) }
    sent &+= other.sent
    acknowledged &+= other.acknowledged
    delivered &+= other.delivered
    delivery.merge(other.delivery)
    acknowledgement.merge(other.acknowledgement)
  }

  /// Everything that went wrong, by name.
  var errors: [String: Int64] { counts.filter { name, _ in Self.isError(name) } }

  /// The errors and nothing else: what a count that begins anew may not forget.
  var errorsAlone: Tally {
    var tally = Tally()
    for (name, number) in errors { tally.count(name, number) }
    return tally
  }

  private static func isError(_ name: String) -> Bool {
    ["refused", "closed", "failed", "broken", "overrun", "stalled", "unanswered"].contains { name.hasPrefix($0) }
  }

  /// All latencies by name.
  var histograms: [(name: String, histogram: Histogram)] {
    let own = [("delivery", delivery), ("acknowledgement", acknowledgement)].filter { $0.1.count > 0 }
    return own + times.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

extension Tally {
  var json: JSONValue {
    var names = JSONObject()
    for (name, number) in counts.sorted(by: { $0.key < $1.key }) { names[name] = .integer(number) }
    var latencies = JSONObject()
    for (name, histogram) in histograms { latencies[name] = histogram.json }
    return [
      "sent": .integer(sent), "acknowledged": .integer(acknowledged), "delivered": .integer(delivered),
      "counts": .object(names), "histograms": .object(latencies),
    ]
  }

  init(_ json: JSONValue?) {
    self.init()
    sent = json?["sent"]?.integer ?? 0
    acknowledged = json?["acknowledged"]?.integer ?? 0
    delivered = json?["delivered"]?.integer ?? 0
    for entry in json?["counts"]?.object?.entries ?? [] { count(entry.name, entry.value.integer ?? 0) }
    for entry in json?["histograms"]?.object?.entries ?? [] {
      guard let histogram = Histogram(entry.value) else { continue }
      switch entry.name {
      case "delivery": delivery = histogram
      case "acknowledgement": acknowledgement = histogram
      default: times[entry.name] = histogram
      }
    }
  }
}
