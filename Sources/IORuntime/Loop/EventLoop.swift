import CLinux
import Glibc
import Synchronization

/// One thread with its own epoll: polls descriptors, runs timers and, as an executor, the `async` code of requests.
///
/// Everything that belongs to a loop is touched on its thread only. Code of other threads enters through
/// ``execute(_:)``; `async` code that runs with the loop as its executor stays on it across every `await`.
///
/// - Order of a tick: descriptors that are ready, due timers, work handed over, then ``EndOfTick`` once for each object
///   that asked for it, as far as ``EndOfTickQueue`` lets it. What is written during a tick leaves in one `send` a
///   connection at its end; what is written to a crowd after that, over as many ticks as it takes (``EndOfTickQueue``).
/// - Limits: handed-over work yields to descriptors and timers after 10 ms or 64 rounds of a tick; the rest follows in
///   the next one.
/// - Source: swift.md sections 1 and 3 for the measurements behind this shape.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  private static let roundsMax = 64
  private static let workMillisecondsMax: Int64 = 10
  /// A list that grew past this in a burst is given back.
  private static let keptMax = 4096

  /// Shows in logs and as the thread's name; at most 15 bytes are kept by the system.
  public let name: String
  /// What other threads may read of the loop's health.
  public let vitals = LoopVitals()

  let poller: Poller
  let scratch = LoopScratch()
  private let wakeup: CInt
  private let inbox = Mutex<Inbox>(Inbox())
  private let thread = Atomic<UInt>(0)
  private let ended = Latch()
  private let timers = TimerQueue()
  // Adding to a list and emptying it call nobody who looks at that list.
  @exclusivity(unchecked) private var pending: [Work] = []
  @exclusivity(unchecked) private var running: [Work] = []
  private let endOfTick = EndOfTickQueue()
  /// The crowd that what is written now goes to.
  private(set) var telling: Crowd?
  private var stopping = false
  private var trimming = false
  private var crowd = CrowdMark()
  private var coreWait = CoreWait()
  private var tickTime: Int64 = EventLoop.monotonicMilliseconds()
  /// When the last tick ended: the wait that follows begins then.
  private var tickEnd: Int64 = 0

  private struct Inbox {
    var work: [Work] = []
    var awake = false
    var stopped = false
  }

  private enum Work: Sendable {
    case job(UnownedJob)
    case body(@Sendable () -> Void)
  }

  /// Makes a loop that does nothing until ``start()`` or ``run()``.
  ///
  /// - Throws: ``SystemError`` when the process has no descriptors left.
  public init(name: String) throws(SystemError) {
    self.name = name
    poller = try Poller()
    wakeup = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
    guard wakeup >= 0 else { throw SystemError(call: "eventfd") }
    try poller.add(wakeup, interest: .read, token: Poller.wakeupToken)
  }

  deinit { if wakeup >= 0 { Glibc.close(wakeup) } }

  /// Milliseconds of the monotonic clock when this tick began; what timers are measured by.
  public var now: Int64 { tickTime }

  /// Whether the calling thread is the loop's.
  public var inLoop: Bool { thread.load(ordering: .relaxed) == pthread_self() }

  // MARK: Running

  /// Runs the loop on a thread of its own until ``stop()``.
  public func start() throws(SystemError) {
    var handle = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(
      &handle, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<EventLoop>.fromOpaque(raw).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw SystemError(call: "pthread_create", code: code)
    }
    pthread_detach(handle)
  }

  /// Runs the loop on the calling thread until ``stop()``.
  public func run() {
    thread.store(pthread_self(), ordering: .relaxed)
    name.withCString { clinux_set_thread_name($0) }
    tickEnd = EventLoop.monotonicMilliseconds()
    while !stopping { tick() }
    letGo()
    thread.store(0, ordering: .relaxed)
    ended.open()
  }

  /// Ends ``run()`` after the current tick; from any thread. What is still open is told ``ConnectionEnd/loopStopped``.
  public func stop() { execute { self.stopping = true } }

  /// Blocks the calling thread, not the loop's, until ``run()`` has returned.
  public func join() { ended.wait() }

  private func tick() {
    poller.wait(timeout: pending.isEmpty ? millisecondsToNext : 0) {
      tickTime = EventLoop.monotonicMilliseconds()
      vitals.began(at: tickTime, descriptors: poller.watched)
    } each: { token, events in
      if token == Poller.wakeupToken {
        var count: UInt64 = 0
        _ = read(wakeup, &count, 8)
      } else {
        poller.dispatch(token, events)
      }
    }
    fireTimers()
    takeInbox()
    runPending()
    endOfTick.tell()
    if crowd.hasLeft(poller.watched) { trimSoon() }
    tickEnd = EventLoop.monotonicMilliseconds()
    vitals.finished(at: tickEnd)
  }

  /// For epoll_wait: until a timer is due, or somebody at the end of a tick.
  private var millisecondsToNext: Int32 {
    let (timer, told) = (timers.millisecondsToNext(from: tickEnd), endOfTick.millisecondsToNext)
    return timer < 0 || told < 0 ? max(timer, told) : min(timer, told)
  }

  /// Timers that a timer adds wait for the next tick, even when they are due at once.
  private func fireTimers() {
    let newest = timers.newest
    while let body = timers.takeDue(at: tickTime, notAfter: newest) { body() }
  }

  private func takeInbox() {
    inbox.withLock { box in
      box.awake = false
      guard !box.work.isEmpty else { return }
      if pending.isEmpty { swap(&pending, &box.work) } else { pending.append(contentsOf: box.work) }
      box.work.removeAll(keepingCapacity: true)
    }
  }

  /// Work that runs may enqueue more; a bounded number of rounds keeps descriptors from starving.
  private func runPending() {
    var rounds = 0
    while !pending.isEmpty, rounds < Self.roundsMax {
      if rounds > 0, EventLoop.monotonicMilliseconds() &- tickTime > Self.workMillisecondsMax { return }
      rounds += 1
      swap(&pending, &running)
      for work in running { perform(work) }
      running.removeAll(keepingCapacity: running.count < Self.keptMax)
    }
  }

  private func perform(_ work: Work) {
    switch work {
    case .job(let job):
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    case .body(let body): body()
    }
  }

  /// Nothing runs any more: connections and their owners hold each other until they are told the end.
  private func letGo() {
    poller.abandonAll()
    timers.removeAll()
    for _ in 0..<Self.roundsMax {
      takeInbox()
      guard !pending.isEmpty || !endOfTick.isEmpty else { break }
      runPending()
      endOfTick.tell(all: true)
    }
    poller.abandonAll()
    timers.removeAll()
    inbox.withLock { box in
      box.stopped = true
      box.work = []
    }
  }

  // MARK: Handing work over

  /// Runs `body` on the loop: later in this tick when called on it, else soon; dropped once the loop has stopped.
  public func execute(_ body: @escaping @Sendable () -> Void) { push(.body(body)) }

  private func push(_ work: Work) {
    if inLoop {
      pending.append(work)
      return
    }
    let mustWake = inbox.withLock { box -> Bool in
      guard !box.stopped else { return false }
      box.work.append(work)
      defer { box.awake = true }
      return !box.awake
    }
    guard mustWake else { return }
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  // MARK: Executor

  /// Takes a job of the concurrency runtime.
  public func enqueue(_ job: consuming ExecutorJob) { push(.job(UnownedJob(job))) }

  /// The loop as a serial executor.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// The loop as a task executor.
  public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// Says whether the caller is on the loop.
  public func isIsolatingCurrentContext() -> Bool? { inLoop }

  /// Traps when the caller is not on the loop: our own mistake, never input.
  public func checkIsolated() { precondition(inLoop, "not on loop \(name)") }

  // MARK: Timers and descriptors, on the loop only

  /// Runs `body` once after that many milliseconds, unless the timer is cancelled.
  @discardableResult
  public func schedule(after milliseconds: Int64, _ body: @escaping () -> Void) -> LoopTimer {
    // A tick that has been busy for long has an old time; a deadline counts from when it was asked for.
    timers.add(after: max(0, milliseconds), from: EventLoop.monotonicMilliseconds(), body)
  }

  /// Begins to watch a descriptor; `handler` is held until ``Watch/end()``.
  ///
  /// - Throws: ``SystemError`` from epoll_ctl.
  public func watch(_ descriptor: CInt, _ interest: PollEvents, _ handler: any Pollable) throws(SystemError) -> Watch {
    try poller.watch(descriptor, interest, handler)
  }

  /// Calls `object` once when this tick's work is done; asking again in the same tick is free of charge only for the
  /// caller that remembers having asked.
  public func atEndOfTick(_ object: any EndOfTick) { endOfTick.append(object) }

  /// The same before all others, however many they are: for questions to a server, which works on them while the loop
  /// tells the others.
  public func atEndOfWork(_ object: any EndOfTick) { endOfTick.appendFirst(object) }

  /// Runs `body`, which tells so many connections one thing: what it writes leaves after what others are told, over as
  /// many ticks as it takes, and to a vast crowd over a while (``CrowdPace``). A connection that is told something of
  /// its own meanwhile has all at once, in order.
  public func tellCrowd(of size: Int, _ body: () -> Void) {
    let was = telling
    telling = size > CrowdPace.vastAbove ? .vast : .common
    body()
    telling = was
  }

  /// Asks for the memory of so many bytes from there on, which comes while something else is done; any address will do.
  public static func expect(_ address: UnsafeRawPointer, _ bytes: UInt32) { clinux_prefetch(address, bytes) }

  /// Calls `object` once, when those in front of it in the crowd have been told.
  func atCrowdsTurn(_ object: any CrowdMember, in crowd: Crowd) { endOfTick.append(object, in: crowd) }

  /// Whether the loop waits for a core so much that others on this machine do too; on the loop only.
  public var waitsForCores: Bool {
    coreWait.isMuch(at: EventLoop.monotonicMilliseconds(), count: CoreWait.ofThisThread)
  }

  /// Gives freed memory back to the system a while after a burst; asking often costs nothing.
  ///
  /// The allocator keeps what a burst of full send queues, or a crowd that has left, has freed until it is told
  /// (swift.md section 5): of 37 MB that a node kept after 10,000 sockets, 30.
  func trimSoon() {
    guard !trimming else { return }
    trimming = true
    schedule(after: MemoryTrim.quietMilliseconds) {
      self.trimming = false
      MemoryTrim.run(now: self.tickTime)
    }
  }
}
