/// Ends one of the caller's sign-in sessions, or all; open sockets of an ended session are closed on every node.
///
/// - Throws: `.notFound(.session)` when the one is not the caller's or not alive.
public struct SignOut: Command {
  /// Which sessions end.
  public enum Which: Sendable, Hashable {
    /// One of the caller's; his own or another device's.
    case one(SessionID)
    /// All, his own too.
    case all
  }

  /// Which.
  public let which: Which

  /// Names what ends.
  public init(_ which: Which) { self.which = which }

  /// Ends them, then tells all nodes.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    switch which {
    case .one(let session):
      guard try await chat.sessions.end(session, of: caller.user) else { throw .notFound(.session) }
      chat.publisher.announce(.signedOut(caller.user, sessions: [session]))
    case .all:
      _ = try await chat.sessions.endAll(of: caller.user)
      chat.publisher.announce(.signedOut(caller.user, sessions: []))
    }
  }
}
