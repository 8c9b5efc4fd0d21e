/// Who wants to be told that a tick's work is done, and who could not be told in time.
///
/// One room of ten thousand is ten thousand sends, some 70 ms of them: told in one go they would stand before everybody
/// else's. So a tick tells its own for a slice of time, and after them as many of those whom earlier ticks have left
/// over; in between, descriptors are polled, and whoever has little to say says it at once.
///
/// - Limits: ``sliceMilliseconds`` for a tick's own and as much for those left over, but never fewer than
///   ``leastAtOnce`` of either. Of those who have been told, no more are kept than wait, or ``keptMax``.
/// - Isolation: its loop.
final class EndOfTickQueue {
  /// What one tick spends on a kind: no more than a fraction of what a delivery may take (250 ms), however many wait.
  static let sliceMilliseconds: Int64 = 4
  /// Told before the clock is looked at: some hundred microseconds' worth.
  static let leastAtOnce = 64
  /// Those who are told may ask again; a tick of its own is soon enough for the rest.
  private static let roundsMax = 4
  /// A list that grew past this in a burst is given back.
  private static let keptMax = 4096

  // Appending calls nobody back; it is done once for each connection that a crowd's fan-out reaches.
  @exclusivity(unchecked) private var fresh: [any EndOfTick] = []
  private var telling: [any EndOfTick] = []
  private var late: [any EndOfTick] = []
  private var lateFrom = 0
  private let now: () -> Int64

  /// Holds nobody; `now` says milliseconds of a clock that never goes back.
  init(now: @escaping () -> Int64 = EventLoop.monotonicMilliseconds) { self.now = now }

  /// Whether nobody waits.
  var isEmpty: Bool { fresh.isEmpty && late.isEmpty }

  func append(_ object: any EndOfTick) { fresh.append(object) }

  /// Tells those who wait: for a slice of time, or `all` of them.
  func tell(all: Bool = false) {
    let leftOver = late.count
    var end = Int64.max
    var rounds = 0
    while !fresh.isEmpty, rounds < Self.roundsMax {
      rounds += 1
      // Few are told before anybody would look at the clock.
      if !all, end == .max, fresh.count >= Self.leastAtOnce { end = now() &+ Self.sliceMilliseconds }
      swap(&fresh, &telling)
      let told = tell(telling[...], until: end)
      late.append(contentsOf: telling[told...])
      telling.removeAll(keepingCapacity: telling.count < Self.keptMax)
    }
    if leftOver > 0 { tellLate(all: all) }
  }

  private func tellLate(all: Bool) {
    let end = all ? Int64.max : now() &+ Self.sliceMilliseconds
    lateFrom = tell(late[lateFrom...], until: end)
    // Under lasting load there is always somebody left: those told are let go of as soon as they are half of all.
    guard lateFrom == late.count || (lateFrom >= Self.keptMax && lateFrom >= late.count / 2) else { return }
    if lateFrom == late.count { late.removeAll() } else { late.removeFirst(lateFrom) }
    lateFrom = 0
  }

  /// The place of the first who was not told.
  private func tell(_ objects: ArraySlice<any EndOfTick>, until end: Int64) -> Int {
    for (place, object) in zip(objects.indices, objects) {
      object.endOfTick()
      let told = place + 1 - objects.startIndex
      if told % Self.leastAtOnce == 0, end < .max, now() >= end { return place + 1 }
    }
    return objects.endIndex
  }
}
