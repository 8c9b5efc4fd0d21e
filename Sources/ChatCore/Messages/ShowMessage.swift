/// Shows one message to who may read its conversation; its id says where it lives.
///
/// - Throws: `.notFound(.message)`.
public struct ShowMessage: Command {
  /// Which.
  public let message: EntryID

  /// Names it.
  public init(message: EntryID) { self.message = message }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Message {
    guard let found = try await chat.messages.message(message, for: caller.user) else { throw .notFound(.message) }
    return found.seen(by: caller.user)
  }
}
