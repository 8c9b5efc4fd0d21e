import ChatCore

/// The same buckets for doors that word their refusals themselves.
extension RateGate {
  /// When a request may come again; nil if it may go on.
  public func retryAfter(_ kind: RateClass, _ caller: Caller?, address: String) async -> Milliseconds? {
    await pass(kind, caller: caller, address: address).retryAfter
  }

  /// Counts a page of a list that is answered whole, by its number after the first; nil if it may go on.
  ///
  /// A list costs half of what the bucket holds at most, so that it can be had whatever burst is set, also by who does
  /// other things meanwhile; who has not got it is told when the bucket is full, since one page more would not help.
  public func retryAfter(
    _ kind: RateClass, furtherPage number: Int, _ caller: Caller?, address: String
  ) async -> Milliseconds? {
    guard number < burstHalf(kind) else { return nil }
    let pass = await pass(kind, caller: caller, address: address)
    return pass.retryAfter.map { max($0, pass.resetAfter) }
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
