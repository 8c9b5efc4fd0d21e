/// The sends of one loop's sockets: what has nothing to wait for but the commit is stored without a task.
///
/// A task to wait in, with what it keeps until it is resumed, costs as much as all else that a node does for a message.
/// What has more to wait for goes by ``SendMessage/run(in:as:)``: files, and conversations of which nobody has found
/// out yet that they are no crowd.
///
/// - Limits: ``knownMax`` conversations are remembered; then all are forgotten and looked up again.
/// - Isolation: one loop.
public final class SendDesk: @unchecked Sendable {
  /// Conversations known to be no crowds: 10,000, half a megabyte, and more than are written to within a minute.
  static let knownMax = 10_000

  private let chat: Chat
  private let log: (any PromptLog)?
  private let spawn: (@escaping @Sendable () async -> Void) -> Void
  /// Until when conversations are known to be no crowds.
  private var small: [ConversationID: Milliseconds] = [:]
  /// The one of them that was written to last, which mostly is the next one too.
  private var last: (conversation: ConversationID, until: Milliseconds)?

  /// Sends in that chat; `spawn` starts what has to wait after all, on the same loop.
  public init(_ chat: Chat, spawn: @escaping (@escaping @Sendable () async -> Void) -> Void) {
    self.chat = chat
    self.spawn = spawn
    log = chat.log.prompt
  }

  /// Whether the command has, by now, nothing to wait for but the commit.
  public func takes(_ command: SendMessage) -> Bool {
    log != nil && command.attachments.isEmpty && isFree(command.conversation)
  }

  /// Does what ``SendMessage/run(in:as:)`` does, and calls `told` once, be it before this returns.
  ///
  /// - Returns: what ``takes(_:)`` says; if false, nothing was done.
  public func begin(
    _ command: SendMessage, as caller: Caller, told: @escaping @Sendable (Result<Appended, ChatError>) -> Void
  ) -> Bool {
    guard let log, takes(command) else { return false }
    do throws(ChatError) { try command.check(chat.limits) } catch {
      told(.failure(error))
      return true
    }
    log.append(command.stored(by: caller.user)) { [self] result in
      guard case .success(let appended) = result else { return told(result) }
      if !appended.repeated { chat.tell(appended) }
      guard let stranger = appended.stranger else { return told(result) }
      spawn { [self] in
        await chat.meet(stranger, as: caller)
        told(result)
      }
    }
    return true
  }

  /// Carries the command out in a task of the caller's, and learns for the next one whether it needs a task.
  public func run(
    _ command: SendMessage, in chat: Chat, as caller: Caller
  ) async throws(ChatError) -> Appended {
    let appended = try await command.run(in: chat, as: caller)
    if log != nil, chat.limits.fanOutPerSecond > 0 {
      let until = await chat.crowds.isAtMost(chat.limits.signalMembersMax, command.conversation)
      if small.count >= SendDesk.knownMax { small = [:] }
      small[command.conversation] = until
      last = nil
    }
    return appended
  }

  /// Whether a message there costs no deliveries; see ``Limits/fanOutPerSecond``.
  private func isFree(_ id: ConversationID) -> Bool {
    if chat.limits.fanOutPerSecond <= 0 { return true }
    if last?.conversation != id { last = small[id].map { (id, $0) } }
    guard let last else { return false }
    return chat.clock.now.milliseconds < last.until
  }
}
