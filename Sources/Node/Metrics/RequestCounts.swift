import ChatCore

/// Requests of one loop by route, method and status, and how long they took.
///
/// - Limits: as many rows as the catalog has routes, times the methods and statuses that occur; names from outside
///   never enter.
struct RequestCounts: Sendable {
  struct Key: Hashable, Sendable {
    let route: String
    let method: String
    let status: Int
  }

  private(set) var counts: [Key: Int64] = [:]
  private(set) var durations: [String: Durations] = [:]

  mutating func record(route: String, method: String, status: Int, milliseconds: Int64) {
    let known = RequestCounts.methods.contains(method) ? method : "other"
    counts[Key(route: route, method: known, status: status), default: 0] += 1
    durations[route, default: Durations()].record(milliseconds)
  }

  mutating func add(_ other: RequestCounts) {
    counts.merge(other.counts, uniquingKeysWith: +)
    for (route, histogram) in other.durations { durations[route, default: Durations()].add(histogram) }
  }

  private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}
