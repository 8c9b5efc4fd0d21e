import EngineIO

/// A poll that waits for its answer; it is answered once, on whatever loop.
final class PendingPoll: @unchecked Sendable {
  enum Answer: Sendable {
    case packets(EnginePayload)
    case refused(EngineRefusal)
  }

  /// Touched on the session's loop only.
  private var continuation: UnsafeContinuation<Answer, Never>?

  /// Its client went away before the session had heard of it. Touched on the session's loop only.
  var isLost = false

  init() {}

  func wait(_ continuation: UnsafeContinuation<Answer, Never>) { self.continuation = continuation }

  func complete(_ answer: Answer) {
    continuation?.resume(returning: answer)
    continuation = nil
  }
}
