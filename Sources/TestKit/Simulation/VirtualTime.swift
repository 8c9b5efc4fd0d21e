import ChatCore
import Delivery

/// A clock that only moves when everything has been done, and the executor of everything that happens meanwhile.
///
/// Tasks run one after another on the thread that calls ``run(for:)``, in the order in which they became ready; timers
/// fire by their time, and by age among equals. So a run follows from its seed alone, and an hour passes in no time.
///
/// - Isolation: one thread at a time; code that runs here must not await anything outside.
public final class VirtualTime: TaskExecutor, @unchecked Sendable {
  /// Milliseconds since the beginning.
  public private(set) var now: Milliseconds = 0
  private var ready: [UnownedJob] = []
  private var nextReady = 0
  private var timers: [VirtualTimer] = []
  private var made: UInt64 = 0

  /// A clock at zero.
  public init() {}

  /// Takes a job of the concurrency runtime.
  public func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

  /// Starts `async` code.
  public func spawn(_ body: @escaping @Sendable () async -> Void) { Task(executorPreference: self) { await body() } }

  /// Runs `body` once after that many milliseconds.
  @discardableResult
  public func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> VirtualTimer {
    made &+= 1
    let timer = VirtualTimer(deadline: now + max(0, delay), order: made, body: body)
    timers.append(timer)
    var child = timers.count - 1
    while child > 0, timers[child].isBefore(timers[(child - 1) / 2]) {
      timers.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
    return timer
  }

  /// Suspends the calling task.
  public func sleep(_ delay: Milliseconds) async {
    await withUnsafeContinuation { continuation in schedule(after: delay) { continuation.resume() } }
  }

  /// Lets that many milliseconds pass, and does all that is due.
  public func run(for duration: Milliseconds) {
    let end = now + duration
    runReady()
    while let first = timers.first, first.deadline <= end {
      now = max(now, first.deadline)
      takeFirst()
      first.fire()
      runReady()
    }
    now = end
  }

  /// Runs `body` to its end, letting time pass only as far as it needs.
  ///
  /// - Returns: nil when it has not ended after an hour.
  public func finish<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result? {
    let box = Box<Result>()
    spawn { box.value = await body() }
    runReady()
    var hour = 3_600_000
    while box.value == nil, hour > 0 {
      hour -= 1
      run(for: 1)
    }
    return box.value
  }

  private final class Box<Value>: @unchecked Sendable {
    var value: Value?
  }

  private func runReady() {
    while nextReady < ready.count {
      let job = ready[nextReady]
      nextReady += 1
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    ready.removeAll(keepingCapacity: true)
    nextReady = 0
  }

  private func takeFirst() {
    timers.swapAt(0, timers.count - 1)
    timers.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < timers.count {
        if timers[child].isBefore(timers[least]) { least = child }
      }
      guard least != parent else { return }
      timers.swapAt(parent, least)
      parent = least
    }
  }
}

/// A timer of ``VirtualTime``.
public final class VirtualTimer: Cancellable {
  fileprivate let deadline: Milliseconds
  private let order: UInt64
  private var body: (() -> Void)?

  fileprivate init(deadline: Milliseconds, order: UInt64, body: @escaping () -> Void) {
    self.deadline = deadline
    self.order = order
    self.body = body
  }

  /// It will not fire.
  public func cancel() { body = nil }

  fileprivate func fire() {
    let due = body
    body = nil
    due?()
  }

  fileprivate func isBefore(_ other: VirtualTimer) -> Bool {
    deadline != other.deadline ? deadline < other.deadline : order < other.order
  }
}

/// One loop of a simulated node: shares the time of all, and dies alone.
public final class VirtualLoop: LoopPorts, @unchecked Sendable {
  private let time: VirtualTime
  private var dice: SeededDice
  /// A dead loop fires no timer and starts nothing.
  public private(set) var isDead = false
  /// How often a crowd was told something.
  public private(set) var crowdsTold = 0

  /// A loop whose jitter follows from `seed`.
  public init(time: VirtualTime, seed: UInt64) {
    self.time = time
    dice = SeededDice(seed: seed)
  }

  /// The node has been killed.
  public func die() { isDead = true }

  /// The time of all.
  public var now: Milliseconds { time.now }

  /// The beginning and what has passed since.
  public var wallTime: Timestamp { VirtualClock(time).now }

  /// Runs `body` later, unless the loop is dead by then.
  @discardableResult
  public func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> any Cancellable {
    time.schedule(after: delay) { [weak self] in
      if self?.isDead == false { body() }
    }
  }

  /// Starts `async` code, unless the loop is dead.
  public func spawn(_ body: @escaping @Sendable () async -> Void) {
    if !isDead { time.spawn(body) }
  }

  /// At once, as everything: what leaves in which order is the event loop's affair.
  public func tellCrowd(of sessions: Int, _ body: () -> Void) {
    crowdsTold += 1
    body()
  }

  /// Jitter.
  public func random(below bound: UInt64) -> UInt64 { dice.next() % max(1, bound) }
}
