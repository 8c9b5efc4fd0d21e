/// Finds the group or public conversation of that title which the caller owns; nil when there is none.
///
/// Titles need not be unique: it is for those whose clients take them so, and who look before they make one.
///
/// - Limits: reads the list of the caller's conversations, ``Limits/conversationsPerUserMax`` at most, and asks of
///   ``namesakesMax`` whose they are.
public struct FindOwnConversation: Command {
  /// Conversations of that title that are asked for their owner: 100. Others may have made him a member of thousands,
  /// and each costs a question to the database.
  static let namesakesMax = 100
  /// Its title, compared byte by byte.
  public let title: String

  /// Names it.
  public init(title: String) { self.title = title }

  /// Looks through the caller's conversations.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> ConversationID? {
    var (after, seen, asked): (ConversationID?, Int, Int) = (nil, 0, 0)
    while seen < chat.limits.conversationsPerUserMax {
      let page = try await chat.conversations.conversations(
        of: caller.user, after: after, limit: chat.limits.pageMax, members: 0)
      for found in page where found.kind.hasRoles && found.title.map({ $0.utf8.elementsEqual(title.utf8) }) ?? false {
        asked += 1
        guard asked <= Self.namesakesMax else { return nil }
        let standing = try await chat.messages.standing(of: caller.user, in: found.id)
        if standing?.member?.role == .owner { return found.id }
      }
      guard page.count == chat.limits.pageMax, let last = page.last else { break }
      (after, seen) = (last.id, seen + page.count)
    }
    return nil
  }
}
