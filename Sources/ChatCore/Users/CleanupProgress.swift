/// How far it is with one account.
final class CleanupProgress {
  /// Whether a crowd is yet to be left.
  var isPostponed = false
  /// Steps of one kind that found something away, since the last that was done.
  private var away = 0
  private var failed = 0
  private var last: ChatError?
  private var touchedAt: Timestamp

  init(at now: Timestamp) { touchedAt = now }

  /// Steps of one kind; what ends them does not keep those of another kind from being done.
  func part(_ steps: () async throws(ChatError) -> Void) async {
    (away, failed) = (0, 0)
    do throws(ChatError) {
      try await steps()
    } catch {
      last = error
    }
  }

  /// One step, which may fail.
  ///
  /// What can never be done keeps only itself from being done: each account's steps come in the same order every time,
  /// so that what stands behind a few of those would never be reached.
  ///
  /// - Throws: what it did, when what it needs seems to be away for those that follow too, or very many have failed.
  func attempt(_ step: () async throws(ChatError) -> Void) async throws(ChatError) {
    do throws(ChatError) {
      try await step()
      away = 0
    } catch {
      failed += 1
      if case .unavailable = error { away += 1 }
      last = error
      if away > AccountCleanup.failuresMax || failed > AccountCleanup.failuresOfAllMax { throw error }
    }
  }

  /// - Throws: the last that failed.
  func settle() throws(ChatError) {
    if let last { throw last }
  }

  func isTouchDue(at now: Timestamp) -> Bool {
    guard now.milliseconds - touchedAt.milliseconds >= AccountCleanup.touchInterval else { return false }
    touchedAt = now
    return true
  }
}
