import IORuntime

/// Says when the next message of a load is sent.
///
/// An open loop sends what is due, each with the moment when it was due, so that a target which stalls is charged for
/// all that had to wait: no omission is coordinated. A closed loop has lanes: so many messages under way in each
/// conversation, spread over the workers that have seats there.
///
/// - Isolation: the crew's loop. Ticks of a millisecond; how late they were is timed as `lag`.
final class Pacer {
  /// Messages sent in one tick: a tester that fell behind catches up without holding its loop for long.
  static let burstMax = 2_000

  private let crew: Crew
  private var isOver = false
  private var interval = 0.0
  private var begun: Int64 = 0
  private var count = 0
  private var turn = 0
  private var lanes: [Int] = []
  private var laneSince: [Int64] = []

  init(_ crew: Crew) { self.crew = crew }

  /// Begins; `rate` takes the place of the scenario's.
  func start(_ load: Scenario.Load?, rate: Double?) {
    guard !crew.rota.local.isEmpty else { return }
    if let rate { return startOpen(rate) }
    switch load {
    case nil: return
    case .open(let perSecond): startOpen(perSecond)
    case .closed(let inFlight, let until): startClosed(inFlight, until)
    }
  }

  /// Sends no more.
  func stop() {
    isOver = true
    crew.arrived = nil
  }

  // MARK: Open

  private func startOpen(_ rate: Double) {
    interval = 1_000_000_000 * Double(crew.order.workers) / max(rate, 0.000_1)
    // Workers that send at the same moments would make bursts that nobody asked for.
    begun = Clock.nanoseconds() + Int64(interval * Double(crew.order.worker) / Double(crew.order.workers))
    tick()
  }

  private func tick() {
    guard !isOver else { return }
    let now = Clock.nanoseconds()
    for _ in 0..<Self.burstMax {
      let due = begun + Int64(Double(count) * interval)
      guard due <= now else { break }
      count += 1
      crew.tally.time("lag", (now - due) / 1_000)
      sendOne(due)
    }
    crew.loop.schedule(after: 1) { [weak self] in self?.tick() }
  }

  private func sendOne(_ due: Int64) {
    let local = crew.rota.local
    for _ in 0..<min(8, local.count) {
      turn = (turn &+ 1) % local.count
      guard let index = crew.rota.next(in: local[turn]) else { continue }
      _ = crew.say(local[turn], from: crew.seats[index], due: due, lane: -1, listeners: 0)
      return
    }
    crew.tally.count("unsent: nobody there")
  }

  // MARK: Closed

  private func startClosed(_ inFlight: Int, _ until: Scenario.Until) {
    crew.untilDelivered = until == .delivered
    for conversation in crew.rota.local {
      let workers = crew.order.workers(in: conversation)
      for lane in 0..<inFlight where workers[(conversation + lane) % workers.count] == crew.order.worker {
        lanes.append(conversation)
      }
    }
    laneSince = [Int64](repeating: 0, count: lanes.count)
    crew.arrived = { [weak self] lane in self?.next(lane) }
    for lane in lanes.indices { next(lane) }
    mind()
  }

  private func next(_ lane: Int) {
    guard !isOver, lanes.indices.contains(lane) else { return }
    let conversation = lanes[lane]
    laneSince[lane] = Clock.nanoseconds()
    guard let index = crew.rota.next(in: conversation) else { return }
    _ = crew.say(
      conversation, from: crew.seats[index], due: laneSince[lane], lane: lane,
      listeners: crew.rota.count(in: conversation))
  }

  /// A lane whose message or listener is gone goes on without it.
  private func mind() {
    guard !isOver else { return }
    let now = Clock.nanoseconds()
    for lane in lanes.indices where now - laneSince[lane] > Crew.stalledMilliseconds * 1_000_000 {
      crew.tally.count("stalled")
      next(lane)
    }
    crew.loop.schedule(after: 500) { [weak self] in self?.mind() }
  }
}
