import ChatCore

/// Delivering pages of the log.
extension Room {
  /// How often a page with a hole is read before it is believed: entries are numbered without holes, so somebody has
  /// taken rows out of the database, and waiting for them would keep everybody behind the hole for ever.
  static let holeReadsMax = 3
  /// Holes of which it is remembered how often they were read: those that sessions which catch up side by side may be
  /// at; past it they are counted anew.
  static let holesMax = 16

  enum PageEnd { case more, logEnds(at: Int64), broken }

  func deliverPage(after from: Int64, _ entries: [Entry]) -> PageEnd {
    var end = from
    var burst = 0
    for entry in entries {
      // What a store gets wrong is not passed on.
      guard entry.conversation == id, entry.seq > end else { return .broken }
      if entry.seq != end &+ 1 {
        guard isLasting(holeAfter: end) else { return .broken }
        passOver(after: end, upTo: entry.seq &- 1)
      }
      end = entry.seq
      cursor.confirm(end)
      if burst > hub.limits.burstBytesMax { return .more }
      let encoded = EncodedEntry(entry)
      encoded.facts = facts
      if entry.seq == cursor.last &+ 1 {
        advance(encoded, hub)
        hub.counts.repaired += 1
        burst += members.isEmpty ? 0 : encoded.bytes
      } else {
        feed(encoded)
      }
    }
    return entries.count < hub.limits.pageEntries ? .logEnds(at: end) : .more
  }

  private func isLasting(holeAfter seq: Int64) -> Bool {
    let reads = (holes[seq] ?? 0) + 1
    holes[seq] = reads < Self.holeReadsMax ? reads : nil
    if holes.count > Self.holesMax { holes = [:] }
    return reads >= Self.holeReadsMax
  }

  /// The log has nothing there: whoever stands before it goes on behind it.
  private func passOver(after from: Int64, upTo end: Int64) {
    hub.counts.passedOver += 1
    if cursor.last >= from { cursor.pass(to: end) }
    for index in catching.indices { catching[index].passOver(after: from, upTo: end) }
  }
}
