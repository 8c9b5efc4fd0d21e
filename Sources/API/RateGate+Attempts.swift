import ChatCore

/// The same buckets for doors that word their refusals themselves.
extension RateGate {
  /// When a request may come again; nil if it may go on.
  public func retryAfter(_ kind: RateClass, _ caller: Caller?, address: String) async -> Milliseconds? {
    await pass(kind, caller: caller, address: address).retryAfter
  }

  /// Runs one try at signing in, of which only a wrong name or password counts.
  ///
  /// - Throws: `.rateLimited` while a bucket is empty, for the right password too.
  public func attempt<Value: Sendable>(
    username: String, address: String, _ body: () async throws(ChatError) -> Value
  ) async throws(ChatError) -> Value {
    let attempt = await begin(username: username, address: address)
    if let retryAfter = attempt.pass.retryAfter { throw .rateLimited(retryAfter: retryAfter) }
    do throws(ChatError) {
      let value = try await body()
      await giveBack(attempt)
      return value
    } catch {
      if case .unauthenticated = error { throw error }
      await giveBack(attempt)
      throw error
    }
  }
}
