import IORuntime
import JSONText

/// Leads a run: prepares, starts the workers, measures, checks, and puts the result together.
///
/// - Isolation: one loop.
final class Leader: @unchecked Sendable {
  /// Why there is no result.
  struct Stop: Error {
    let sentence: String
  }

  /// Sockets that one worker drives when nobody says how many workers: what a core handles with ease.
  static let seatsPerWorker = 5_000
  /// Milliseconds between two looks whether the target is quiet: many of the clock's ticks of ten.
  static let quietLookMilliseconds: Int64 = 250
  /// Looks in all: five seconds; a target that is never quiet is measured as it is.
  static let quietLooksMax = 20
  /// The share of a core below which it is: an idle cluster's own work.
  static let quietShare = 0.08
  /// Milliseconds from the order to send to the first message: every worker has it by then.
  static let headStartMilliseconds: Int64 = 200
  /// Access tokens live for 15 minutes; new ones are handed out well before.
  static let renewEveryMilliseconds: Int64 = 600_000

  let loop: EventLoop
  let options: BenchOptions
  let scenario: Scenario
  let wire: Wire
  let target: Target
  let note: (String) -> Void
  private let workerCount: Int
  private(set) var workers: [WorkerProcess] = []
  private(set) var progress: Progress
  private var preparation: Preparation?
  private(set) var isStopping = false
  private var renewal: Task<Void, Never>?

  init(
    _ loop: EventLoop, _ options: BenchOptions, _ scenario: Scenario, _ wire: Wire, _ target: Target,
    note: @escaping (String) -> Void
  ) {
    self.loop = loop
    self.options = options
    self.scenario = scenario
    self.wire = wire
    self.target = target
    self.note = note
    let fitting = (scenario.connections + Self.seatsPerWorker - 1) / Self.seatsPerWorker
    workerCount = min(options.workers ?? fitting, scenario.connections)
    progress = Progress(workers: workerCount, note: note)
  }

  /// Whether faults are told and fail nothing: of a broadcaster, which promises nothing.
  var isForgiving: Bool { !wire.isReliable && !options.isStrict }

  /// Somebody wants it to end: what has been measured by then is the result.
  func stop() {
    guard !isStopping else { return }
    note("ending with what is there")
    isStopping = true
    for worker in workers { worker.tell(["do": "stop"]) }
  }

  /// Everything, in its order.
  func run() async throws(Stop) -> RunResult {
    var result = RunResult(
      scenario: scenario.json, wire: wire, target: target.sockets.map(\.url).joined(separator: " "),
      begun: WallClock.now, machine: Machine.json)
    let beginning = Clock.nanoseconds()
    let population = try await prepare()
    result.prepareSeconds = Double(Clock.nanoseconds() - beginning) / 1_000_000_000
    try checkFiles()
    result.workers = Int64(workerCount)
    do throws(WorkerProcess.Gone) {
      try await start(population)
      try await connect(&result)
      if options.findsRate { try await search(&result) } else { try await measure(&result) }
    } catch {
      await end()
      throw Stop(sentence: error.sentence)
    }
    result.series = progress.series
    result.isCutShort = isStopping
    await end()
    return result
  }

  private func checkFiles() throws(Stop) {
    let most = Int(Machine.openFiles) - 64
    guard scenario.connections / workerCount >= most else { return }
    throw Stop(
      sentence: "A process may open \(most + 64) files, too few for \(scenario.connections) connections by "
        + "\(workerCount) workers; say --workers.")
  }

  private func prepare() async throws(Stop) -> Population? {
    guard wire.isReliable else { return nil }
    do {
      let isSecure = target.rest.contains { $0.isSecure }
      let preparation = Preparation(
        loop, scenario, rest: target.rest, tls: isSecure ? try TLSClient(authorityFile: options.authority) : nil,
        directory: options.keep, note: note)
      self.preparation = preparation
      return try await preparation.run()
    } catch let failure as Preparation.Failure {
      throw Stop(sentence: "The scenario could not be prepared: \(failure.sentence)")
    } catch {
      throw Stop(sentence: "\(error)")
    }
  }

  private func start(_ population: Population?) async throws(WorkerProcess.Gone) {
    let run = Population.letters(6)
    let progress = progress
    for index in 0..<workerCount {
      do throws(SystemError) {
        workers.append(try WorkerProcess(loop) { progress.take($0, from: index) })
      } catch {
        throw .init(sentence: "A worker could not be started: \(error).")
      }
    }
    for (index, worker) in workers.enumerated() {
      let order = Order(
        scenario, wire, worker: index, of: workers.count, target, sources: options.sources,
        authority: options.authority,
        population, run: run)
      worker.tell(order.json)
    }
    _ = try await all()
    if population != nil { renewal = loop.spawn { [weak self] in await self?.renewTokens() } }
  }

  private func renewTokens() async {
    while !Task.isCancelled {
      await loop.sleep(Self.renewEveryMilliseconds)
      guard !Task.isCancelled, let population = try? await preparation?.renew() else { continue }
      let tokens = JSONValue.array(population.users.map { .string($0.access) })
      for worker in workers { worker.tell(["do": "tokens", "tokens": tokens]) }
    }
  }

  private func end() async {
    renewal?.cancel()
    for worker in workers { worker.tell(["do": "end"]) }
    for worker in workers { await worker.end(on: loop) }
    workers = []
  }

  /// The answers of all workers.
  func all(_ command: JSONValue? = nil) async throws(WorkerProcess.Gone) -> [JSONValue] {
    if let command { for worker in workers { worker.tell(command) } }
    var answers: [JSONValue] = []
    for worker in workers { answers.append(try await worker.next()) }
    return answers
  }
}
