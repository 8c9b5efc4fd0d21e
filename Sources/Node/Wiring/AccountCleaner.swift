import ChatCore
import IORuntime

/// Takes away what accounts leave behind that have ended: those that ended on this loop at once, one after the other,
/// and once a minute in the whole cluster those that a node has not finished; between two of these first those that
/// ended here meanwhile.
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
      self.work { _ in }
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
      look()
    }
  }

  /// Looks for what others have left.
  func look() { work { chat in await self.look(chat) } }

  private func look(_ chat: Chat) async {
    let loop = loop
    let cleanups = AccountCleanups(
      pause: { await loop.sleep($0) }, before: { await self.cleanWaiting(chat) }, failed: { self.warn($1, of: $0) })
    do throws(ChatError) {
      try await cleanups.run(in: chat)
    } catch {
      warn(error, of: nil)
    }
  }

  private func cleanWaiting(_ chat: Chat) async {
    let loop = loop
    while !waiting.isEmpty {
      let user = waiting.removeFirst()
      do throws(ChatError) {
        _ = try await AccountCleanup(of: user) { await loop.sleep($0) }.run(in: chat)
      } catch {
        warn(error, of: user)
      }
    }
  }

  /// Does one thing at a time, and then what waits.
  private func work(_ body: @escaping @Sendable (Chat) async -> Void) {
    guard !isBusy, let chat else { return }
    isBusy = true
    loop.spawn {
      await body(chat)
      await self.cleanWaiting(chat)
      self.isBusy = false
      if !self.waiting.isEmpty { self.work { _ in } }
    }
  }

  private func warn(_ error: ChatError, of user: UserID?) {
    // A node that leaves ends its own statements; another goes on.
    guard chat != nil else { return }
    var fields: [LogField] = [.text("reason", "\(error)")]
    if let user { fields.append(.number("user", user.rawValue)) }
    logger.log(.warning, "what an account left behind is yet to be taken away", fields)
  }
}
