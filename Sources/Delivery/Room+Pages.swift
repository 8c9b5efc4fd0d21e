import ChatCore

/// Delivering pages of the log.
extension Room {
  enum PageEnd { case more, logEnds(at: Int64), broken(after: Int64) }

  func deliverPage(after from: Int64, _ entries: [Entry]) -> PageEnd {
    var end = from
    var burst = 0
    var believesHoles = false
    for entry in entries {
      // What a store gets wrong is not passed on.
      guard entry.conversation == id, entry.seq > end else { return .broken(after: end) }
      if entry.seq != end &+ 1 {
        let hole = end + 1...entry.seq - 1
        if !holes.isBelieved(hole) {
          believesHoles = believesHoles || holes.wasRead(hole)
          guard believesHoles else { return .broken(after: end) }
          believe(hole)
        }
        passOver(hole)
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
    holes.passed(after: from, upTo: end)
    return entries.count < hub.limits.pageEntries ? .logEnds(at: end) : .more
  }

  private func believe(_ hole: ClosedRange<Int64>) {
    holes.believe(hole)
    hub.counts.passedOver += 1
  }

  /// The log has nothing there: whoever stands before it goes on behind it.
  private func passOver(_ hole: ClosedRange<Int64>) {
    let from = hole.lowerBound - 1
    if cursor.last >= from { cursor.pass(to: hole.upperBound) }
    for index in catching.indices { catching[index].passOver(after: from, upTo: hole.upperBound) }
  }

  /// The log has ended where the room stands. When that is before a head which it has confirmed, the heads are
  /// compared; and when it still ends there after that, what lies between is gone: numbers become visible in their
  /// order, and what is stored from now on lies behind the head.
  ///
  /// - Parameters:
  ///   - confirmed: the head when the read began.
  ///   - compared: the head that was compared before a read of the log itself, after one that ended there.
  func judgeEnd(at end: Int64, confirmed: Int64, compared: Int64?) {
    guard end == cursor.last, end < confirmed else { return }
    if let compared, end < compared {
      let hole = end + 1...compared
      believe(hole)
      passOver(hole)
      shortEnd = nil
    } else {
      if shortEnd?.end != end { shortEnd = (end, nil) }
      hub.headCheck.suspect(self)
    }
  }
}
