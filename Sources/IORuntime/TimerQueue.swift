/// A timer of a loop; cancelled or fired, it lets go of what it would have run.
public final class LoopTimer {
  fileprivate let deadline: Int64
  fileprivate let order: UInt64
  fileprivate var body: (() -> Void)?

  fileprivate init(deadline: Int64, order: UInt64, body: @escaping () -> Void) {
    self.deadline = deadline
    self.order = order
    self.body = body
  }

  /// It will not run; harmless when it already has.
  public func cancel() { body = nil }

  /// Whether it has yet to run.
  public var isPending: Bool { body != nil }

  fileprivate func isBefore(_ other: LoopTimer) -> Bool {
    deadline != other.deadline ? deadline < other.deadline : order < other.order
  }
}

/// Timers by deadline, and by age among equals: a binary heap that skips the cancelled ones.
struct TimerQueue {
  private var heap: [LoopTimer] = []
  private var made: UInt64 = 0

  mutating func add(at deadline: Int64, _ body: @escaping () -> Void) -> LoopTimer {
    made &+= 1
    let timer = LoopTimer(deadline: deadline, order: made, body: body)
    heap.append(timer)
    siftUp(heap.count - 1)
    return timer
  }

  /// For epoll_wait: -1 when there is none, never more than a minute.
  mutating func millisecondsToNext(from now: Int64) -> Int32 {
    while let first = heap.first, !first.isPending { removeFirst() }
    guard let first = heap.first else { return -1 }
    return Int32(min(max(0, first.deadline - now), 60_000))
  }

  /// The order of the timer that was added last.
  var newest: UInt64 { made }

  /// Takes out what the earliest due timer would run; nothing when none up to that order is due.
  mutating func takeDue(at now: Int64, notAfter newest: UInt64) -> (() -> Void)? {
    while let first = heap.first, !first.isPending || (first.deadline <= now && first.order <= newest) {
      removeFirst()
      guard let body = first.body else { continue }
      first.body = nil
      return body
    }
    return nil
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    guard !heap.isEmpty else { return }
    siftDown(0)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].isBefore(heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
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
