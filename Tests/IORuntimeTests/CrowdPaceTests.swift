import Testing

@testable import IORuntime

/// Vast crowds on a queue whose clock moves only by what is done: telling one takes so long, and resting as long as it
/// may.
@Suite struct CrowdPaceTests {
  @Test(arguments: [1_500, 3_333, 8_000])
  func `a vast crowd is told in its time, everybody once and in order, and most of the loop's time is left`(size: Int) {
    let stage = Stage(cost: 8)
    stage.ask(0..<size)
    stage.run()
    #expect(stage.told == Array(0..<size))
    #expect(stage.time >= CrowdPace.spreadMax / 3, "what comes between is to find the loop free")
    #expect(stage.time <= CrowdPace.spreadMax + 2 * rest, "in a stated time")
    #expect(stage.longestSlice <= EndOfTickQueue.crowdMicroseconds + 16 * 8)
    #expect(stage.rested >= stage.time / 2)
  }

  @Test func `one message after the other finds everybody told within the time, however many come`() {
    let stage = Stage(cost: 8)
    var asked: [Int: Int64] = [:]
    var waited: [Int64] = []
    stage.whenTold = { number in
      if let since = asked.removeValue(forKey: number) { waited.append(stage.time - since) }
    }
    // Who waits already has both at once, as a connection does.
    for _ in 0..<200 {
      let fresh = (0..<3_000).filter { asked[$0] == nil }
      for number in fresh { asked[number] = stage.time }
      stage.ask(fresh)
      stage.run(for: 20_000)
    }
    stage.run()
    #expect(asked.isEmpty)
    #expect(waited.count > 3_000 * 200 / 10, "each is told about as often as his time passes")
    #expect(waited.count < 3_000 * 200 / 4, "and what comes meanwhile leaves with it")
    #expect(waited.max() ?? .max <= CrowdPace.spreadMax + 3 * rest)
  }

  @Test func `a loop that can not keep the pace rests between slices, and does not once their time is over`() {
    let stage = Stage(cost: 100)
    stage.ask(0..<4_000)
    stage.run(for: CrowdPace.spreadMax - 10_000)
    #expect(stage.queue.millisecondsToNext == CrowdPace.restMilliseconds)
    #expect(stage.rested > stage.time / 4)
    stage.run(for: 20_000)
    #expect(stage.queue.millisecondsToNext == 0)
    stage.run()
    #expect(stage.told == Array(0..<4_000))
    #expect(stage.time < 4_000 * 100 + CrowdPace.spreadMax / 2 + 10 * rest)
    #expect(stage.longestSlice <= EndOfTickQueue.crowdMicroseconds + 16 * 100)
  }

  @Test func `others are told before the slice, a smaller crowd too, and wait for no rest`() {
    let stage = Stage(cost: 8)
    stage.ask(0..<5_000)
    stage.run(for: 20_000)
    let before = stage.told.count
    #expect(before > 0 && before < 5_000)
    stage.ask([-1, -2], in: .common)
    stage.queue.append(stage.waiter(-3))
    #expect(stage.queue.millisecondsToNext == 0)
    stage.queue.tell()
    #expect(Array(stage.told[before..<(before + 3)]) == [-3, -1, -2])
    stage.run()
    #expect(stage.told.filter { $0 >= 0 } == Array(0..<5_000))
  }

  @Test func `of a thousand moments no more than a few are kept, and all are told`() {
    var pace = CrowdPace()
    for moment in 0..<1_000 { pace.joined(3, waiting: 3 * (moment + 1), at: Int64(moment) * 1_000_000) }
    let end = Int64(1_000) * 1_000_000
    #expect(pace.waveCount <= 64)
    #expect(pace.due(at: end) == 3_000)
    pace.told(2_999, of: 3_000, at: end, until: end)
    #expect(pace.due(at: end) == 1)
    pace.told(1, of: 1, at: end, until: end)
    #expect(pace.waveCount == 0 && pace.due(at: end) == 0)
    pace.joined(2_000, waiting: 2_000, at: end)
    #expect(pace.due(at: end) == 0)
    #expect(pace.due(at: end + CrowdPace.spreadMax) == 2_000)
  }

  private let rest = Int64(CrowdPace.restMilliseconds) * 1_000
}

private final class Stage {
  private(set) var time: Int64 = 0
  private(set) var told: [Int] = []
  private(set) var longestSlice: Int64 = 0
  private(set) var rested: Int64 = 0
  var whenTold: (Int) -> Void = { _ in }
  private let cost: Int64
  private(set) lazy var queue = EndOfTickQueue { [unowned self] in time }

  init(cost: Int64) { self.cost = cost }

  func waiter(_ number: Int) -> Waiter {
    Waiter { [unowned self] in
      time += cost
      told.append(number)
      whenTold(number)
    }
  }

  func ask(_ numbers: some Sequence<Int>, in crowd: Crowd = .vast) {
    for number in numbers { queue.append(waiter(number), in: crowd) }
  }

  /// Ticks until nobody waits, or that long.
  func run(for duration: Int64 = .max) {
    let end = duration == .max ? .max : time + duration
    while time < end, !queue.isEmpty || end < .max {
      let began = time
      queue.tell()
      longestSlice = max(longestSlice, time - began)
      let wait = queue.millisecondsToNext
      let rest = wait < 0 ? end - time : max(10, Int64(wait) * 1_000)
      guard end < .max || wait >= 0 else { return }
      time += max(0, rest)
      rested += max(0, rest)
    }
  }
}

private final class Waiter: EndOfTick, CrowdMember {
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func endOfTick() { body() }

  func crowdsTurn(_ crowd: Crowd) { body() }
}
