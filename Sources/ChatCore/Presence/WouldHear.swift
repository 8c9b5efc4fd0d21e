/// Whether another would hear at once what the caller says to him; for wires that carry nothing to who is away.
///
/// Strangers may ask it too, unlike ``ShowPresence``: who may write to somebody learns it by writing. Of who blocks
/// the caller, of nobody and of oneself the answer is no, as of who is away.
///
/// - Throws: `.timedOut`. What cannot be found out, because Redis is away, is yes: the message is kept, and comes.
public struct WouldHear: Command {
  /// Who.
  public let user: UserID

  /// Names him.
  public init(user: UserID) { self.user = user }

  /// Looks whether he is there, then whether the caller may write to him.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Bool {
    guard user != caller.user else { return false }
    let found = await chat.presence.presence(of: [user])
    guard found.first?.status != .offline else { return false }
    do throws(ChatError) {
      try await MayReach(user: user).run(in: chat, as: caller)
    } catch .forbidden {
      return false
    }
    return true
  }
}
