/// Changes the text of a message of the caller's. The same text again changes nothing and tells nobody.
///
/// - Shape: `{"text": "hi!"}`; with `versions`, only if the message is still in one of them.
/// - Limits: as ``SendMessage``.
/// - Throws: `.invalid` at `/text`; `.notFound(.message)`; `.forbidden(.notTheAuthor)`, `.forbidden(.notAMember)`;
///   `.conflict(.messageDeleted)`, `.conflict(.messageChanged)`.
public struct EditMessage: Command {
  /// Which.
  public let message: EntryID
  /// The new text.
  public let text: String
  /// The states in which it may be changed (``Message/version``); nil for any.
  public let versions: Set<Int64>?

  /// Collects what is asked.
  public init(message: EntryID, text: String, versions: Set<Int64>? = nil) {
    self.message = message
    self.text = text
    self.versions = versions
  }

  /// Checks, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Message {
    var faults = Faults()
    faults.check(text, chat.limits.text)
    try faults.settle()
    return try await chat.change(message, .edit(text: text, versions: versions), as: caller)
  }
}

extension Chat {
  /// Changes a message and tells it.
  func change(_ id: EntryID, _ change: MessageChange, as caller: Caller) async throws(ChatError) -> Message {
    let toll = try await payFanOut(of: id, by: caller.user, change.text)
    let changed: ChangedMessage
    do throws(ChatError) {
      changed = try await messages.change(id, change, by: caller.user)
    } catch {
      await giveBack(toll)
      throw error
    }
    if let made = changed.made {
      publisher.publish(made)
      // It has been made: how large the crowd is matters to the next one only.
      if toll == nil { _ = try? await crowd(in: changed.message.conversation, seenBy: caller.user) }
    } else {
      await giveBack(toll)
    }
    return changed.message.seen(by: caller.user)
  }
}

extension MessageChange {
  /// What everybody is told anew.
  fileprivate var text: String {
    if case .edit(let text, _) = self { text } else { "" }
  }
}
