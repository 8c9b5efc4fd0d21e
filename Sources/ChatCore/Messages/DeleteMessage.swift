/// Deletes a message: its text is gone from everywhere, its place stays. Again it changes nothing.
///
/// - Throws: `.notFound(.message)`; `.forbidden(.notTheAuthor)` unless it is the caller's, or he is owner or admin of
///   the group or public conversation; `.forbidden(.notAMember)`.
public struct DeleteMessage: Command {
  /// Which.
  public let message: EntryID

  /// Names it.
  public init(message: EntryID) { self.message = message }

  /// Deletes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Message {
    try await chat.change(message, .delete, as: caller)
  }
}
