import Glibc
import IORuntime
import JSONText

/// A process that drives: takes orders as JSON lines on descriptor 0, does them, and reports.
///
/// - Shape: `{"do":"be", …}`, then `connect`, any number of `measure` and `check`, `tokens` in between, `end`. Each is
///   answered by `{"done": …}`; in between a line `{"tick": …}` a second.
/// - Isolation: one loop, the process's only thread besides those for names.
final class Worker: @unchecked Sendable {
  private let loop: EventLoop
  private var channel: LineChannel?
  private var crew: Crew?
  private var pacer: Pacer?
  private var habits: Habits?
  private var measuring: Measuring?
  private var told = (sent: Int64(0), delivered: Int64(0))
  private var ticks: Int64 = 0

  private struct Measuring {
    var storm: LoopTimer?
    var drain: Int64
  }

  /// Runs until the leader says `end` or is gone.
  static func run() -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    do throws(SystemError) {
      let loop = try EventLoop(name: "bench")
      let worker = Worker(loop)
      loop.execute { worker.begin() }
      loop.run()
      return 0
    } catch {
      return 1
    }
  }

  private init(_ loop: EventLoop) { self.loop = loop }

  private func begin() {
    channel = LineChannel(
      loop: loop, descriptor: 0, line: { [weak self] in self?.perform($0) },
      over: { [weak self] in self?.loop.stop() })
    channel?.begin()
    tick()
  }

  private func perform(_ command: JSONValue) {
    switch command["do"]?.string {
    case "be": be(command)
    case "connect": connect()
    case "measure": measure(command)
    case "stop": if measuring == nil { crew?.stopEntering() } else { stopMeasuring() }
    case "check": check(command)
    case "tokens": crew?.renew((command["tokens"]?.array ?? []).compactMap(\.string))
    default: end()
    }
  }

  private func done(_ what: String, _ more: JSONObject = [:]) {
    var object = more
    object["done"] = .string(what)
    channel?.send(.object(object))
  }

  // MARK: The parts of a run

  private func be(_ command: JSONValue) {
    guard let order = Order(command) else { return done("failed", ["why": "the order is not understood"]) }
    do throws(TLSError) {
      let isSecure = (order.rest + order.sockets).contains { $0.isSecure }
      crew = Crew(loop: loop, order: order, tls: isSecure ? try TLSClient(authorityFile: order.authority) : nil)
      done("be")
    } catch {
      done("failed", ["why": .string(error.description)])
    }
  }

  private func connect() {
    crew?.connectAll { [weak self] in
      guard let self, let crew else { return }
      done("connect", ["connected": .integer(Int64(crew.ready)), "tally": takeTally()])
    }
  }

  private func takeTally() -> JSONValue {
    guard let crew else { return .null }
    let json = crew.tally.json
    crew.tally = Tally()
    told = (0, 0)
    return json
  }

  private func measure(_ command: JSONValue) {
    guard let crew, let from = command["from"]?.integer, let until = command["until"]?.integer, from < until else {
      return done("failed", ["why": "the measure is not understood"])
    }
    crew.window = from..<until
    let pacer = Pacer(crew)
    let habits = Habits(crew)
    (self.pacer, self.habits) = (pacer, habits)
    measuring = Measuring(storm: storm(from), drain: command["drain_ms"]?.integer ?? 5_000)
    let start = command["start"]?.integer ?? from
    at(start) {
      pacer.start(crew.order.scenario.load, rate: command["rate"]?.number)
      habits.start()
    }
    // What was delivered and done within the window is told from without; here the counting begins with it.
    at(from) { [weak self] in
      guard let self, measuring != nil else { return }
      // The line of progress that is due has what was counted before, too.
      told = (told.sent - crew.tally.sent, told.delivered - crew.tally.delivered)
      crew.tally = crew.tally.errorsAlone
    }
    at(until) { [weak self] in self?.stopMeasuring() }
  }

  private func at(_ moment: Int64, _ body: @escaping () -> Void) {
    loop.schedule(after: max(0, (moment - Clock.nanoseconds() + 999_999) / 1_000_000), body)
  }

  private func storm(_ from: Int64) -> LoopTimer? {
    guard let storm = crew?.order.scenario.storm else { return nil }
    let wait = (from - Clock.nanoseconds()) / 1_000_000 + Int64(storm.after * 1_000)
    return loop.schedule(after: max(0, wait)) { [weak self] in
      guard let crew = self?.crew else { return }
      for seat in crew.seats.prefix(Int(Double(crew.seats.count) * storm.share)) where seat.state == .ready {
        seat.cut()
      }
    }
  }

  /// The load ends; what is under way may arrive.
  private func stopMeasuring() {
    guard let measuring, let crew else { return }
    self.measuring = nil
    measuring.storm?.cancel()
    pacer?.stop()
    habits?.stop()
    crew.closeWindow(at: Clock.nanoseconds())
    let (delivered, acknowledged) = (crew.tally.delivered, crew.tally.acknowledged)
    waitForAnswers(until: EventLoop.monotonicMilliseconds() + measuring.drain) { [weak self] in
      guard let self else { return }
      let open = crew.openSends()
      let heads = crew.sends.heads.map { JSONValue.integer($0) }
      crew.tally.count("unanswered", open.waiting)
      done(
        "measure",
        [
          "heads": .array(heads), "in_doubt": .integer(open.inDoubt + open.waiting + crew.sends.inDoubt),
          "delivered_in_window": .integer(delivered), "acknowledged_in_window": .integer(acknowledged),
          "connected": .integer(Int64(crew.ready)), "tally": takeTally(),
        ])
    }
  }

  private func waitForAnswers(until: Int64, _ body: @escaping () -> Void) {
    guard let crew, crew.openSends().waiting > 0, EventLoop.monotonicMilliseconds() < until else { return body() }
    loop.schedule(after: 50) { [weak self] in self?.waitForAnswers(until: until, body) }
  }

  private func check(_ command: JSONValue) {
    guard let crew else { return }
    crew.promised = (command["heads"]?.array ?? []).map { ($0.array ?? []).map { $0.integer ?? 0 } }
    waitForDeliveries(until: EventLoop.monotonicMilliseconds() + (command["within_ms"]?.integer ?? 5_000))
  }

  private func waitForDeliveries(until: Int64) {
    guard let crew else { return }
    if !crew.entering.isOver || crew.lost() > 0, EventLoop.monotonicMilliseconds() < until {
      loop.schedule(after: 100) { [weak self] in self?.waitForDeliveries(until: until) }
      return
    }
    done("check", ["verdict": crew.verdict().json])
  }

  private func end() {
    crew?.leave()
    loop.schedule(after: 300) { [weak self] in self?.channel?.close() }
    loop.schedule(after: 1_500) { [weak self] in self?.loop.stop() }
  }

  // MARK: Progress

  private func tick() {
    loop.schedule(after: 1_000) { [weak self] in self?.tick() }
    guard let crew else { return }
    ticks += 1
    let errors = crew.tally.errors.values.reduce(0, &+)
    channel?.send([
      "tick": .integer(ticks), "connected": .integer(Int64(crew.ready)),
      "sent": .integer(crew.tally.sent - told.sent), "delivered": .integer(crew.tally.delivered - told.delivered),
      "errors": .integer(errors), "delivery": crew.second.json,
    ])
    told = (crew.tally.sent, crew.tally.delivered)
    crew.second.removeAll()
  }
}
