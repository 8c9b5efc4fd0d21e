import ChatCore

/// Comparing with the log: where it ends may be before what the room has, when another server took over that lacks it.
extension Room {
  /// How far the log had come when it was asked for its head, as the room knew by then.
  struct Known {
    /// The last entry that the room has delivered.
    let last: Int64
    /// The same for all who sit in it: one who comes back may be ahead of a room that lacks something itself.
    let reach: Int64
    fileprivate let mark: LogCursor.ReadMark
  }

  /// What an answer that is asked for now can be held to.
  var known: Known {
    Known(last: cursor.last, reach: catching.reduce(cursor.last) { max($0, $1.reach) }, mark: cursor.mark)
  }

  /// The log reaches `head`; when it was asked, so much was known of it.
  ///
  /// What was known and is not there is lost: the room goes back to where the log went on (``Told``), and each session
  /// that is further on by itself to where it ends. What was held from behind the end is let go, or it would be told in
  /// place of what the log gives its number to.
  func confirm(_ head: Int64, asked known: Known? = nil) {
    let isLost = head < cursor.last && (isDistrusted || head < known?.last ?? 0)
    isDistrusted = false
    hub.counts.refused += holding(hub) { cursor in
      if isLost {
        // The log gives its numbers anew.
        (holes, shortEnd) = (LogHoles(), nil)
        return cursor.restart(at: told.goBack(to: head, by: hub.limits.lostEndReread))
      }
      told.logEnds(at: head)
      return known.map { cursor.logEnded(at: head, mark: $0.mark) } ?? 0
    }
    if !catching.isEmpty { judgeDenied(lostAfter: isLost || head < known?.reach ?? 0 ? head : nil, isThere: true) }
    if shortEnd?.end == cursor.last { shortEnd?.head = head > cursor.last ? head : nil }
    confirmed(head, afterLoss: isLost)
  }

  /// Whether who has everything up to where the room stands has what its members have: not while these are told
  /// nothing, since they had it before the room went back.
  var takesMembers: Bool { told.level(from: cursor.last) == cursor.last }

  /// The log has nothing after `from`, where the room stands further on: who waits there has all that there is, and
  /// is read for no more before the heads have been compared.
  func deny(after from: Int64) {
    isDistrusted = true
    hub.headCheck.suspect(self)
    var answered: [Resume] = []
    for index in catching.indices where catching[index].position == from && catching[index].wantsReads {
      catching[index].isDenied = true
      catching[index].denials += 1
      if let resume = catching[index].resume { answered.append(resume) }
      catching[index].resume = nil
    }
    for resume in answered { resume.caughtUp() }
  }

  /// Heads have been compared: those who were denied something have nothing to wait for, unless it is lost.
  ///
  /// - Parameters:
  ///   - head: where the log ends, when the room was further on.
  ///   - isThere: whether the log knows the conversation; then it is read again for a member who was denied, and if it
  ///     has nothing for him again, somebody has taken rows out of it: he goes on where the room is.
  func judgeDenied(lostAfter head: Int64?, isThere: Bool = false) {
    var leaving: [HubSession] = []
    for index in catching.indices {
      if isThere, head == nil, catching[index].passOverEnd(at: cursor.last) { hub.counts.passedOver += 1 }
      let stays = head.map { catching[index].fallBack(to: $0) } ?? !catching[index].isDenied
      if !stays { leaving.append(catching[index].session) }
    }
    for session in leaving { leave(session) }
  }
}

/// What tells the entries that a room's members have had from those that the log has given their numbers to since.
///
/// Between the loss of a log's end and the comparison that finds it the log goes on, in a busy conversation by many
/// entries; the room takes them for repetitions. What is new was stored after the last entry that the room had, since
/// another server takes over after the one before has died. So the room goes back further than the end, and passes
/// without a word what is not newer.
///
/// - Errors: when the other server's clock is behind by more than it took to take over, it goes on where the log ends.
struct Told {
  /// When the latest one was stored, in milliseconds; nil when none has been told. Not the one that was told last: a
  /// clock may have been set back between them.
  private var last: Int64?
  /// Up to there they may have it.
  private var passing: Int64?

  /// From where the log is read, that now ends at `head`.
  mutating func goBack(to head: Int64, by most: Int64) -> Int64 {
    guard last != nil else { return head }
    passing = head
    return max(0, head &- most)
  }

  /// The log ends there now: what comes after that is new to all.
  mutating func logEnds(at head: Int64) { passing = passing.map { min($0, head) } }

  /// Up to where the members of a room that stands there have everything.
  func level(from last: Int64) -> Int64 { max(last, passing ?? 0) }

  /// Whether the members are to be told the entry, which is the next one.
  mutating func isNew(_ seq: Int64, stored: Int64) -> Bool {
    if let end = passing {
      if let last, seq <= end, stored <= last { return false }
      passing = nil
    }
    last = max(last ?? stored, stored)
    return true
  }
}
