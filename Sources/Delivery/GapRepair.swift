/// Where a room stands in its conversation's log, what came too early, and how far the log is known to reach.
///
/// The log is the truth: a number from the broker never moves ``last`` by more than one and is only held within a
/// limit; ``confirmed`` comes from the log alone.
struct LogCursor {
  /// The `seq` up to which everything has been delivered.
  private(set) var last: Int64
  /// The log has at least this many entries.
  private(set) var confirmed: Int64
  /// The next one last: it is taken from there, and what comes goes in front.
  private var held: [Held] = []
  private var arrivals: UInt64 = 0

  private struct Held {
    let entry: EncodedEntry
    let arrival: UInt64
  }

  init(head: Int64) {
    last = head
    confirmed = head
  }

  /// Whether something is missing between ``last`` and what is known of.
  var isBehind: Bool { last < confirmed || !held.isEmpty }
  var heldCount: Int { held.count }
  /// About how much memory they take.
  private(set) var heldBytes = 0
  /// What is known when a read begins, to be told from what comes while it is under way.
  var mark: ReadMark { ReadMark(arrivals: arrivals, confirmed: confirmed) }

  struct ReadMark: Equatable {
    fileprivate let arrivals: UInt64
    let confirmed: Int64
  }

  enum Arrival: Equatable { case next, old, held, refused }
  /// An entry came from the broker or a page.
  ///
  /// - Parameter room: so many bytes more may be held.
  mutating func arrived(_ entry: EncodedEntry, heldMax: Int, room: Int = .max) -> Arrival {
    guard entry.seq > last else { return entry.seq > 0 ? .old : .refused }
    if entry.seq == last &+ 1 { return .next }
    return hold(entry, max: heldMax, room: room) ? .held : .refused
  }

  private mutating func hold(_ entry: EncodedEntry, max: Int, room: Int) -> Bool {
    var place = held.firstIndex { $0.entry.seq <= entry.seq } ?? held.count
    if place < held.count, held[place].entry.seq == entry.seq { return false }
    let bytes = entry.heldBytes
    let before = heldBytes
    while held.count >= max || heldBytes + bytes - before > room {
      guard place > 0 else { return false }
      heldBytes -= held.removeFirst().entry.heldBytes
      place -= 1
    }
    arrivals &+= 1
    heldBytes += bytes
    held.insert(Held(entry: entry, arrival: arrivals), at: place)
    return true
  }

  /// The entry after ``last`` has been delivered.
  mutating func delivered() {
    last &+= 1
    confirmed = max(confirmed, last)
  }

  /// The log has nothing up to there.
  mutating func pass(to seq: Int64) {
    last = max(last, seq)
    confirmed = max(confirmed, last)
  }

  /// The entry that was held and is now the next.
  mutating func takeNext() -> EncodedEntry? {
    while let first = held.last, first.entry.seq <= last &+ 1 {
      held.removeLast()
      heldBytes -= first.entry.heldBytes
      if first.entry.seq == last &+ 1 { return first.entry }
    }
    return nil
  }

  /// The log reaches `head` only, although the room was begun further on: it was begun on somebody else's word, or the
  /// log has lost what came after.
  ///
  /// - Returns: how many held entries are let go; they may be of what is lost.
  mutating func restart(at head: Int64) -> Int {
    last = max(0, head)
    confirmed = last
    defer { dropHeld() }
    return held.count
  }

  /// The log said that it reaches `head`.
  mutating func confirm(_ head: Int64) { confirmed = max(confirmed, head) }

  /// A read that began at `mark` came to the end of the log: what was known of by then and lies beyond is not in it.
  ///
  /// - Returns: how many held entries the log does not know.
  mutating func logEnded(at end: Int64, mark: ReadMark) -> Int {
    if confirmed == mark.confirmed { confirmed = max(last, end) }
    let before = held.count
    held.removeAll { $0.entry.seq > end && $0.arrival <= mark.arrivals }
    if held.count < before { heldBytes = held.reduce(0) { $0 + $1.entry.heldBytes } }
    return before - held.count
  }

  /// Nothing is waited for any more.
  mutating func dropHeld() {
    held = []
    heldBytes = 0
  }
}
