/// A timer of a loop; cancelled or fired, it lets go of what it would have run.
public final class LoopTimer {
  fileprivate let deadline: Int64
  fileprivate let order: UInt64
  fileprivate var body: (() -> Void)?
  fileprivate weak var queue: TimerQueue?

  fileprivate init(deadline: Int64, order: UInt64, queue: TimerQueue, body: @escaping () -> Void) {
    self.deadline = deadline
    self.order = order
    self.queue = queue
    self.body = body
  }

  /// It will not run; harmless when it already has.
  public func cancel() {
    guard body != nil else { return }
    body = nil
    queue?.cancelledOne()
  }

  /// Whether it has yet to run.
  public var isPending: Bool { body != nil }

  fileprivate func isBefore(_ other: LoopTimer) -> Bool {
    deadline != other.deadline ? deadline < other.deadline : order < other.order
  }
}

/// Timers by deadline, and by age among equals: a binary heap that skips the cancelled ones.
///
/// A server sets a deadline for nearly every request and cancels nearly all of them, so the heap is swept when more
/// than a quarter of it is cancelled: it never holds more than four thirds of what is pending, at a constant cost a
/// timer.
final class TimerQueue {
  private static let sweptFrom = 64

  private var heap: [LoopTimer] = []
  private var made: UInt64 = 0
  private var cancelled = 0

  func add(after wait: Int64, from now: Int64, _ body: @escaping () -> Void) -> LoopTimer {
    // A wait beyond all time must not wrap around to long ago.
    let (sum, isBeyond) = now.addingReportingOverflow(wait)
    let deadline = isBeyond ? Int64.max : sum
    made &+= 1
    let timer = LoopTimer(deadline: deadline, order: made, queue: self, body: body)
    heap.append(timer)
    siftUp(heap.count - 1)
    return timer
  }

  /// For epoll_wait: -1 when there is none, never more than a minute.
  func millisecondsToNext(from now: Int64) -> Int32 {
    while let first = heap.first, !first.isPending { removeFirst() }
    guard let first = heap.first else { return -1 }
    return first.deadline <= now ? 0 : Int32(min(UInt64(bitPattern: first.deadline &- now), 60_000))
  }

  /// The order of the timer that was added last.
  var newest: UInt64 { made }

  /// Takes out what the earliest due timer would run; nothing when none up to that order is due.
  func takeDue(at now: Int64, notAfter newest: UInt64) -> (() -> Void)? {
    while let first = heap.first, !first.isPending || (first.deadline <= now && first.order <= newest) {
      removeFirst()
      guard let body = first.body else { continue }
      first.body = nil
      return body
    }
    return nil
  }

  /// Forgets them all: the loop has stopped.
  func removeAll() {
    let forgotten = heap
    heap = []
    cancelled = 0
    for timer in forgotten {
      timer.queue = nil
      timer.body = nil
    }
  }

  fileprivate func cancelledOne() {
    cancelled += 1
    guard cancelled > Self.sweptFrom, cancelled > heap.count / 4 else { return }
    heap.removeAll { !$0.isPending }
    cancelled = 0
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  private func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    let removed = heap.removeLast()
    removed.queue = nil
    if !removed.isPending { cancelled -= 1 }
    guard !heap.isEmpty else { return }
    siftDown(0)
  }

  private func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].isBefore(heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private func siftDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].isBefore(heap[smallest]) {
        smallest = child
      }
      guard smallest != index else { return }
      heap.swapAt(index, smallest)
      index = smallest
    }
  }
}
