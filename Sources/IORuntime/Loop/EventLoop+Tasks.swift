/// What `async` code, and other threads, ask of a loop.
extension EventLoop {
  /// Starts `async` code on the loop; it begins at once when called on the loop.
  @discardableResult
  public func spawn(_ body: sending @escaping @isolated(any) () async -> Void) -> Task<Void, Never> {
    if inLoop {
      return Task.immediate(name: nil, priority: nil, executorPreference: self, operation: body)
    }
    return Task(executorPreference: self, operation: body)
  }

  /// Runs plain code on the loop and brings back what it returns; for callers on other threads.
  public func submit<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      execute { continuation.resume(with: Result { try body() }) }
    }
  }

  /// Suspends the calling task for that many milliseconds.
  public func sleep(_ milliseconds: Int64) async {
    await withUnsafeContinuation { continuation in
      if inLoop {
        schedule(after: milliseconds) { continuation.resume() }
      } else {
        execute { self.schedule(after: milliseconds) { continuation.resume() } }
      }
    }
  }
}
