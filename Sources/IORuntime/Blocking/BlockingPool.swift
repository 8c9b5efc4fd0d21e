import CLinux
import Glibc

/// The pool's queue is full; the caller refuses what it was asked, and the client comes back later.
public struct PoolFull: Error, Hashable, Sendable {
  /// Made by the pool; by tests too.
  public init() {}
}

/// A few threads for what blocks or burns a core: password hashing, name resolution, files.
///
/// - Limits: as many calls wait as the pool was made for; one more is refused with ``PoolFull``.
/// - Isolation: called from anywhere; the caller goes on where it was, so on its own loop.
public final class BlockingPool: @unchecked Sendable {
  /// How many calls may wait for a thread.
  public let queueMax: Int

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [@Sendable () -> Void] = []
  private var first = 0
  private var idle: Int
  private var closed = false

  /// Starts the threads, at least one.
  ///
  /// - Throws: ``SystemError`` when the system gives none.
  public init(name: String, threads: Int, queueMax: Int) throws(SystemError) {
    self.queueMax = max(0, queueMax)
    idle = max(1, threads)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for _ in 0..<max(1, threads) { try startThread(name) }
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Calls that wait for a thread.
  public var waiting: Int { locked { queue.count - first } }

  /// Runs `body` on a thread of the pool and brings back what it returns or throws.
  ///
  /// - Throws: ``PoolFull`` when too many wait or the pool is shut down, and what `body` throws.
  public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let taken = submit { continuation.resume(with: Result { try body() }) }
      if !taken { continuation.resume(throwing: PoolFull()) }
    }
  }

  /// Runs `body` on a thread of the pool, unless too many wait: then nothing happens and the answer is no.
  public func submit(_ body: @escaping @Sendable () -> Void) -> Bool {
    locked {
      // A thread that is idle takes one each; only what is beyond that waits.
      guard !closed, queue.count - first < queueMax + idle else { return false }
      queue.append(body)
      pthread_cond_signal(condition)
      return true
    }
  }

  /// Takes no more; what waits is still run, then the threads end.
  public func shutdown() {
    locked {
      closed = true
      pthread_cond_broadcast(condition)
    }
  }

  private func startThread(_ name: String) throws(SystemError) {
    var handle = pthread_t()
    let context = Unmanaged.passRetained(Start(pool: self, name: name))
    let code = pthread_create(
      &handle, nil,
      { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        start.name.withCString { clinux_set_thread_name($0) }
        start.pool.work()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      shutdown()
      throw SystemError(call: "pthread_create", code: code)
    }
    pthread_detach(handle)
  }

  private final class Start {
    let pool: BlockingPool
    let name: String
    init(pool: BlockingPool, name: String) {
      self.pool = pool
      self.name = name
    }
  }

  private func work() {
    while let body = next() {
      body()
      locked { idle += 1 }
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    locked {
      while first == queue.count {
        if closed { return nil }
        pthread_cond_wait(condition, mutex)
      }
      idle -= 1
      defer { forgetTaken() }
      first += 1
      return queue[first - 1]
    }
  }

  private func forgetTaken() {
    guard first == queue.count || first >= 64 else { return }
    queue.removeFirst(first)
    first = 0
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
