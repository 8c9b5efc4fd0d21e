/// Changes the title or the picture of a group or public conversation; owner and admins may.
///
/// - Shape: `{"title": "Hall", "picture_url": null}`; what is left out stays.
/// - Throws: `.invalid` at `/title`, `/picture_url`; `.notFound(.conversation)`; `.rateLimited` (a crowd that was told
///   much, ``Limits/fanOutPerSecond``); `.forbidden` as ``ConversationRules`` say.
public struct UpdateConversation: Command {
  /// Which.
  public let conversation: ConversationID
  /// The new title.
  public let title: String?
  /// The address of the new picture, or none any more.
  public let picture: String??

  /// Collects what is to change.
  public init(conversation: ConversationID, title: String? = nil, picture: String?? = nil) {
    self.conversation = conversation
    self.title = title
    self.picture = picture
  }

  /// Checks, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Conversation {
    var faults = Faults()
    faults.check(title, chat.limits.title)
    faults.check(picture ?? nil, chat.limits.picture)
    try faults.settle()
    let me = try await chat.user(of: caller)
    let toll = try await chat.payFanOut(in: conversation, by: caller.user, of: "")
    let (updated, made): (Conversation, Made?)
    do throws(ChatError) {
      (updated, made) = try await chat.conversations.update(conversation, title: title, picture: picture, by: me)
    } catch {
      await chat.giveBack(toll)
      throw error
    }
    if let made { chat.publisher.publish(made) } else { await chat.giveBack(toll) }
    return updated
  }
}
