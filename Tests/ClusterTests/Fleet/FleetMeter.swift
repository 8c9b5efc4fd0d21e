import ChatCore

/// How often what happened, by second: bounds are asserted on counts, never on the machine's time.
final class FleetMeter {
  enum Kind: Hashable, CaseIterable {
    /// Clients that came to a node; SSUBSCRIBEs and the channels in them; payloads published, and copies of them sent
    /// to nodes; those that could not be published.
    case connects, subscribeBatches, channels, publishes, copies, dropped
    /// Presence: scripts run, keys given to them, messages told.
    case scripts, scriptKeys, presenceTold
    /// Statements that reached PostgreSQL.
    case counters, heads, pages, snapshots, writes, otherReads
    /// Statements that came too late for who asked.
    case lateStatements
  }

  private let time: any FleetTime
  private var seconds: [Kind: [Milliseconds: Int]] = [:]

  init(_ time: any FleetTime) { self.time = time }

  func note(_ kind: Kind, _ count: Int = 1) { seconds[kind, default: [:]][time.now / 1_000, default: 0] += count }

  /// How often in that span, its end not included.
  func total(_ kind: Kind, _ span: Range<Milliseconds> = 0..<Milliseconds.max) -> Int {
    (seconds[kind] ?? [:]).reduce(0) { span.contains($1.key * 1_000) ? $0 + $1.value : $0 }
  }

  /// How often in the busiest second of that span.
  func peak(_ kind: Kind, _ span: Range<Milliseconds> = 0..<Milliseconds.max) -> Int {
    (seconds[kind] ?? [:]).reduce(0) { span.contains($1.key * 1_000) ? max($0, $1.value) : $0 }
  }
}
