/// Checks every delivery against what was promised: each listener gets each entry of each of his logs once, in order.
///
/// A log is numbered 1, 2, 3 … without gaps, so one number and the marks of the last 64 entries say for each listener
/// what he has, what he misses and what comes twice; nothing is kept a message.
///
/// - Shape: a slot is one listener's view of one log. `begin` at the head from which entries are owed to him, then
///   `received` for each, at the end `owed` with the log's head.
/// - Limits: 24 bytes a slot. What is late by more than 64 entries counts as reordered while something is missing, else
///   as repeated.
/// - Source: invariants I1, I2 and I3 of the promise.
struct DeliveryOracle: Sendable {
  /// What a delivery was.
  enum Finding: Sendable, Equatable {
    /// The next one.
    case next
    /// One that came before those in between, so many of which are missing now.
    case ahead(Int64)
    /// One that had been missing: it comes after later ones.
    case late
    /// One that he has.
    case twice
  }

  private struct Slot {
    var last: Int64 = -1
    var window: UInt64 = 0
    var missing: Int64 = 0
  }

  private var slots: [Slot]
  /// Deliveries that were looked at.
  private(set) var checked = 0
  /// Those that came twice.
  private(set) var repeated = 0
  /// Those that came after later ones.
  private(set) var reordered = 0

  /// So many views, none of them begun.
  init(slots count: Int) { slots = [Slot](repeating: Slot(), count: count) }

  /// From here on everything is owed; ignored when the view has begun already.
  mutating func begin(_ slot: Int, at head: Int64) {
    guard slots.indices.contains(slot), slots[slot].last < 0 else { return }
    slots[slot].last = max(0, head)
  }

  /// The server has said that nothing up to here will come: the listener pages the history.
  mutating func skip(_ slot: Int, to head: Int64) {
    guard slots.indices.contains(slot), head > slots[slot].last else { return }
    slots[slot] = Slot(last: head, window: 0, missing: 0)
  }

  /// What a listener has of a log: the cursor with which he comes back; nothing before it has begun.
  func head(of slot: Int) -> Int64? {
    guard slots.indices.contains(slot), slots[slot].last >= 0 else { return nil }
    return slots[slot].last
  }

  /// Takes one delivery.
  @discardableResult
  mutating func received(_ slot: Int, _ seq: Int64) -> Finding {
    guard slots.indices.contains(slot) else { return .next }
    checked &+= 1
    if slots[slot].last < 0 { slots[slot].last = seq &- 1 }
    let step = seq.subtractingReportingOverflow(slots[slot].last)
    guard !step.overflow else { return older(slot, .max) }
    return step.partialValue > 0 ? newer(slot, seq, step.partialValue) : older(slot, 0 &- step.partialValue)
  }

  private mutating func newer(_ slot: Int, _ seq: Int64, _ step: Int64) -> Finding {
    let kept = step < 64 ? slots[slot].window &<< UInt64(step) : 0
    slots[slot].window = kept | 1
    slots[slot].last = seq
    slots[slot].missing &+= step &- 1
    return step == 1 ? .next : .ahead(step &- 1)
  }

  private mutating func older(_ slot: Int, _ back: Int64) -> Finding {
    let isSeen = back < 64 && slots[slot].window & (1 &<< UInt64(back)) != 0
    guard !isSeen, slots[slot].missing > 0 else {
      repeated &+= 1
      return .twice
    }
    if back < 64 { slots[slot].window |= 1 &<< UInt64(back) }
    slots[slot].missing &-= 1
    reordered &+= 1
    return .late
  }

  /// How many entries up to a log's head a listener has not got; none before his view has begun.
  func owed(_ slot: Int, upTo head: Int64) -> Int64 {
    guard slots.indices.contains(slot), slots[slot].last >= 0 else { return 0 }
    return slots[slot].missing &+ max(0, head &- slots[slot].last)
  }
}
