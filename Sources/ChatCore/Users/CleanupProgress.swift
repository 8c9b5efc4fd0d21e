/// How far it is with one account.
final class CleanupProgress {
  /// Whether a crowd is yet to be left.
  var isPostponed = false
  private var failed = 0
  private var last: ChatError?
  private var touchedAt: Timestamp

  init(at now: Timestamp) { touchedAt = now }

  /// Steps of one kind; what ends them does not keep those of another kind from being done.
  func part(_ steps: () async throws(ChatError) -> Void) async {
    failed = 0
    do throws(ChatError) {
      try await steps()
    } catch {
      last = error
    }
  }

  /// One step, which may fail.
  ///
  /// - Throws: what it did, when too many of its kind have failed.
  func attempt(_ step: () async throws(ChatError) -> Void) async throws(ChatError) {
    do throws(ChatError) {
      try await step()
    } catch {
      failed += 1
      last = error
      if failed > AccountCleanup.failuresMax { throw error }
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
