/// Goes on with what other nodes have left: once a minute in the whole cluster, whoever asks first.
public struct AccountCleanups: Sendable {
  /// How often somebody looks.
  public static let interval: Milliseconds = 60_000
  /// Accounts of one look.
  static let most = 100
  /// How often an account is found before it stands behind all others: the database or the service of files may have
  /// been away for ten minutes, and who can never be finished keeps nobody waiting for longer.
  public static let looksMax = 10

  private let pause: @Sendable (Milliseconds) async -> Void
  private let before: @Sendable () async -> Void
  private let failed: @Sendable (UserID, ChatError) -> Void

  /// Collects what it needs.
  ///
  /// - Parameters:
  ///   - pause: waits for so many milliseconds.
  ///   - before: done before each account: what is more urgent.
  ///   - failed: told of each account that is yet to be finished, and why.
  public init(
    pause: @escaping @Sendable (Milliseconds) async -> Void, before: @escaping @Sendable () async -> Void = {},
    failed: @escaping @Sendable (UserID, ChatError) -> Void = { _, _ in }
  ) {
    self.pause = pause
    self.before = before
    self.failed = failed
  }

  /// Looks, and does what it finds, one account after the other; of more than ``AccountCleanup/failuresMax`` that
  /// failed the rest is left to the next look.
  ///
  /// - Throws: what the store said when it was asked for them.
  public func run(in chat: Chat) async throws(ChatError) {
    let turn = await chat.limiter.take(
      "account_cleanups", cost: 1, capacity: 1, refillPerSecond: 1_000 / Double(Self.interval))
    guard turn.allowed else { return }
    var failures = 0
    for user in try await chat.cleanups.idleCleanups(for: AccountCleanup.idleMax, limit: Self.most) {
      await before()
      do throws(ChatError) {
        _ = try await AccountCleanup(of: user, idleFor: AccountCleanup.idleMax, pause: pause).run(in: chat)
      } catch {
        failed(user, error)
        failures += 1
        if failures > AccountCleanup.failuresMax { return }
      }
    }
  }
}
