import Synchronization

/// The Redis cluster that the tests of a process share, one after the other: starting one takes seconds.
///
/// It ends with the process.
/// - Isolation: thread-safe; who comes while it is used waits.
enum SharedRedisCluster {
  private static let state = Mutex(State())

  private struct State {
    var cluster: PrivateRedisCluster?
    var isUsed = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  static func play<Value: Sendable>(
    _ body: @Sendable (any RedisUnderTest) async throws -> Value
  ) async throws -> Value {
    await enter()
    defer { leave() }
    return try await body(whole())
  }

  /// Healed after whoever used it last, and empty.
  private static func whole() async throws -> PrivateRedisCluster {
    if let cluster = state.withLock({ $0.cluster }) {
      try await cluster.heal()
      try await cluster.flushInTurn()
      return cluster
    }
    let cluster = try await PrivateRedisCluster.start()
    state.withLock { $0.cluster = cluster }
    return cluster
  }

  private static func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isUsed { state.waiting.append(continuation) }
        defer { state.isUsed = true }
        return !state.isUsed
      }
      if isFree { continuation.resume() }
    }
  }

  private static func leave() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.isUsed = false
      return nil
    }
    next?.resume()
  }
}
