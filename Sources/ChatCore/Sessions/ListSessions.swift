/// Lists the caller's living sign-in sessions, newest first; which is the current one says ``Caller/session``.
///
/// - Limits: at most ``Limits/sessionsPerUserMax`` live at a time, so that there is one page.
public struct ListSessions: Command {
  /// Asks nothing more.
  public init() {}

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [Session] {
    try await chat.sessions.sessions(of: caller.user)
  }
}
