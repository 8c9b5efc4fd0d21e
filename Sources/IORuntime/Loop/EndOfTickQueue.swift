import CLinux

/// Who wants to be told that a tick's work is done, and who could not be told in time.
///
/// One room of ten thousand is ten thousand sends, some 150 ms of them: told in one go they would stand before
/// everybody else's. So those whom somebody tells as part of a crowd (``EventLoop/tellCrowd(of:_:)``) stand in a line
/// of their own, of which each tick tells a short slice after all others; and those of a vast one in another, which is
/// told last and no faster than ``CrowdPace`` says. What is no crowd and takes long all the same is cut too, with a
/// longer slice: a tick tells its own, and after them as many of those whom earlier ticks have left over. In between,
/// descriptors are polled, and whoever has little to say says it at once.
///
/// - Limits: ``sliceMicroseconds`` for a tick's own and as much for those left over, ``crowdMicroseconds`` for crowds
///   together, but never fewer than ``leastAtOnce`` of any, except of a vast crowd that is told in time. Of those who
///   have been told, no more are kept than wait, or ``keptMax``.
/// - Isolation: its loop.
final class EndOfTickQueue {
  /// What one tick spends on a kind: no more than a fraction of what a delivery may take (250 ms), however many wait.
  static let sliceMicroseconds: Int64 = 4_000
  /// What one tick spends on crowds. A message of somebody else passes some four loops' ticks on its way (asked,
  /// stored, published, delivered) and may find such a slice in each: a millisecond, a tenth of what the way takes
  /// without; and hundreds of times what a look at the descriptors costs.
  static let crowdMicroseconds: Int64 = 1_000
  /// Told before the clock is looked at: a hundred microseconds' worth.
  static let leastAtOnce = 16
  /// What a connection needs of itself to send.
  private static let soonBytes: UInt32 = 192
  /// Those who are told may ask again; a tick of its own is soon enough for the rest.
  private static let roundsMax = 4
  /// A list that grew past this in a burst is given back.
  private static let keptMax = 4096

  // Appending calls nobody back; it is done once for each connection that a crowd's fan-out reaches. Nor does emptying
  // call anybody who looks at the same list; each tick looks at all of them several times.
  @exclusivity(unchecked) private var fresh: [any EndOfTick] = []
  /// Told before all others, and all of them: no more than connections to servers.
  @exclusivity(unchecked) private var first: [any EndOfTick] = []
  @exclusivity(unchecked) private var telling: [any EndOfTick] = []
  private let late = Line<any EndOfTick>()
  private let crowd = Line<any CrowdMember>()
  private let vast = Line<any CrowdMember>()
  private var pace = CrowdPace()
  /// Of those in ``vast``, how many the pace does not know yet.
  private var joined = 0
  private let now: () -> Int64

  /// Holds nobody; `now` says microseconds of a clock that never goes back.
  init(now: @escaping () -> Int64 = EventLoop.monotonicMicroseconds) { self.now = now }

  /// Whether nobody waits.
  var isEmpty: Bool { first.isEmpty && fresh.isEmpty && late.isEmpty && crowd.isEmpty && vast.isEmpty }

  /// How many milliseconds the loop may rest before ``tell(all:)``; as epoll has it, -1 for ever.
  var millisecondsToNext: Int32 {
    guard first.isEmpty, fresh.isEmpty, late.isEmpty, crowd.isEmpty else { return 0 }
    guard !vast.isEmpty else { return -1 }
    return pace.isOverdue(at: now()) ? 0 : CrowdPace.restMilliseconds
  }

  func append(_ object: any EndOfTick) { fresh.append(object) }

  func appendFirst(_ object: any EndOfTick) { first.append(object) }

  func append(_ object: any CrowdMember, in size: Crowd) {
    guard size == .vast else { return crowd.waiting.append(object) }
    vast.waiting.append(object)
    joined += 1
  }

  /// Tells those who wait: for a slice of time each kind, or `all` of them.
  func tell(all: Bool = false) {
    let leftOver = !late.isEmpty
    tellFirst()
    tellFresh(all: all)
    // Those who were told may have asked somebody.
    tellFirst()
    if leftOver { _ = late.tell(until: end(of: Self.sliceMicroseconds, all), now) { $0.endOfTick() } }
    guard !crowd.isEmpty || !vast.isEmpty else { return }
    let end = end(of: Self.crowdMicroseconds, all)
    _ = crowd.tell(until: end, now) { $0.crowdsTurn(.common) }
    tellVast(until: end, all: all)
    // Those whose turn it was may have work of their own now.
    if all { tellFresh(all: true) }
  }

  private func tellVast(until end: Int64, all: Bool) {
    guard !vast.isEmpty else { return }
    let time = now()
    if joined > 0 { pace.joined(joined, waiting: vast.count, at: time) }
    joined = 0
    let due = all ? vast.count : pace.due(at: time)
    guard all || due >= min(Self.leastAtOnce, vast.count) && !pace.rests(at: time) else { return }
    let told = vast.tell(atMost: due, until: end, now) { $0.crowdsTurn(.vast) }
    pace.told(told, of: due, at: time, until: now())
  }

  private func end(of slice: Int64, _ all: Bool) -> Int64 { all ? .max : now() &+ slice }

  private func tellFirst() {
    guard !first.isEmpty else { return }
    swap(&first, &telling)
    for object in telling { object.endOfTick() }
    telling.removeAll(keepingCapacity: true)
  }

  private func tellFresh(all: Bool) {
    var end = Int64.max
    var rounds = 0
    while !fresh.isEmpty, rounds < Self.roundsMax {
      rounds += 1
      // Few are told before anybody would look at the clock.
      if !all, end == .max, fresh.count >= Self.leastAtOnce { end = now() &+ Self.sliceMicroseconds }
      swap(&fresh, &telling)
      let told = Self.tell(telling[...], until: end, now) { $0.endOfTick() }
      late.waiting.append(contentsOf: telling[told...])
      telling.removeAll(keepingCapacity: telling.count < Self.keptMax)
    }
  }

  /// The place of the first who was not told.
  private static func tell<Object>(
    _ objects: ArraySlice<Object>, until end: Int64, _ now: () -> Int64, _ body: (Object) -> Void
  ) -> Int {
    for (place, object) in zip(objects.indices, objects) {
      if place + 1 < objects.endIndex { expect(objects, at: place + 1) }
      body(object)
      let told = place + 1 - objects.startIndex
      if told % leastAtOnce == 0, end < .max, now() >= end { return place + 1 }
    }
    return objects.endIndex
  }

  /// A thousand sends have passed since the next one's memory was looked at: it comes while this one sends. Holding it
  /// for that would look at it.
  private static func expect<Object>(_ objects: ArraySlice<Object>, at place: Int) {
    objects.withUnsafeBytes {
      let address = $0.load(
        fromByteOffset: (place - objects.startIndex) * MemoryLayout<Object>.stride, as: UnsafeRawPointer.self)
      clinux_prefetch(address, soonBytes)
    }
  }

  /// Those who wait over several ticks, the longest waiting first.
  private final class Line<Object> {
    @exclusivity(unchecked) var waiting: [Object] = []
    @exclusivity(unchecked) private var first = 0

    var isEmpty: Bool { first == waiting.count }
    var count: Int { waiting.count - first }

    /// Says how many it told.
    func tell(atMost most: Int = .max, until end: Int64, _ now: () -> Int64, _ body: (Object) -> Void) -> Int {
      let next = first
      let last = next + min(most, count)
      first = EndOfTickQueue.tell(waiting[next..<last], until: end, now, body)
      let told = first - next
      // Under lasting load there is always somebody left: those told are let go of as soon as they are half of all.
      guard isEmpty || (first >= keptMax && first >= waiting.count / 2) else { return told }
      if isEmpty { waiting.removeAll() } else { waiting.removeFirst(first) }
      first = 0
      return told
    }
  }
}
