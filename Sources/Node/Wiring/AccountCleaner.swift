import ChatCore
import IORuntime

/// Takes away what accounts leave behind that have ended: those that ended on this loop at once, one after the other,
/// and once a minute in the whole cluster those that a node has not finished.
///
/// - Limits: ``waitingMax`` accounts wait; of more, somebody finds the notes.
/// - Isolation: its loop, but for ``ended(_:)``.
final class AccountCleaner: @unchecked Sendable {
  /// As many as may end on one loop in the time that one with many conversations takes.
  static let waitingMax = 1_024

  private let loop: EventLoop
  private let logger: Logger
  private var chat: Chat?
  private var waiting: [UserID] = []
  private var isBusy = false
  private var timer: LoopTimer?

  init(loop: EventLoop, logger: Logger) {
    self.loop = loop
    self.logger = logger
  }

  /// Begins to look for what others have left, at a moment of its own.
  func start(_ chat: Chat) {
    self.chat = chat
    schedule(after: Milliseconds.random(in: 1...AccountCleanups.interval))
  }

  /// An account has ended here.
  func ended(_ user: UserID) {
    loop.execute {
      guard self.waiting.count < Self.waitingMax else { return }
      self.waiting.append(user)
      self.work()
    }
  }

  /// Begins nothing more.
  func stop() {
    chat = nil
    waiting = []
    timer?.cancel()
  }

  private func schedule(after delay: Milliseconds) {
    timer = loop.schedule(after: delay) { [weak self] in
      guard let self, chat != nil else { return }
      schedule(after: AccountCleanups.interval)
      run { [loop] chat in try await AccountCleanups { await loop.sleep($0) }.run(in: chat) }
    }
  }

  private func work() {
    guard !isBusy, let user = waiting.first else { return }
    waiting.removeFirst()
    run { [loop] chat in _ = try await AccountCleanup(of: user) { await loop.sleep($0) }.run(in: chat) }
  }

  /// Does one thing at a time.
  private func run(_ body: @escaping @Sendable (Chat) async throws -> Void) {
    guard !isBusy, let chat else { return }
    isBusy = true
    loop.spawn {
      do {
        try await body(chat)
      } catch {
        self.logger.warning("what an account left behind is yet to be taken away", .text("reason", "\(error)"))
      }
      self.isBusy = false
      self.work()
    }
  }
}
