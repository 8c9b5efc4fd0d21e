/// Makes a group or public conversation, which the caller owns.
///
/// - Shape: `{"kind": "group", "title": "Room", "members": [16777217, …]}`; ids that come twice count once, the
///   caller's own is no matter.
/// - Limits: at most ``Limits/membersPerRequestMax`` members, and with the caller ``Limits/groupMembersMax``.
/// - Throws: `.invalid` at `/kind`, `/title`, `/picture_url`, `/members`, or `/members/3` with `unknown_user`;
///   `.conflict(.conversationsFull)` when one of them has ``Limits/conversationsPerUserMax``.
public struct CreateConversation: Command {
  /// Group or public.
  public let kind: ConversationKind
  /// Its title.
  public let title: String
  /// The address of its picture.
  public let picture: String?
  /// Who else is a member from the beginning.
  public let members: [UserID]

  /// Collects what is asked.
  public init(kind: ConversationKind, title: String, picture: String? = nil, members: [UserID] = []) {
    self.kind = kind
    self.title = title
    self.picture = picture
    self.members = members
  }

  /// Checks, looks all up, makes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Conversation {
    var faults = Faults()
    if !kind.hasRoles { faults.add("/kind", "not_allowed", "kind must be group or public.") }
    faults.check(title, chat.limits.title)
    faults.check(picture, chat.limits.picture)
    let most = min(chat.limits.membersPerRequestMax, chat.limits.groupMembersMax - 1)
    if members.count > most { faults.add("/members", "too_long", "members must name at most \(most) users.") }
    try faults.settle()
    let owner = try await chat.user(of: caller)
    let others = try await knownMembers(besides: caller.user, in: chat)
    let (conversation, made) = try await chat.conversations.create(
      kind, title: title, picture: picture, owner: owner, members: others,
      most: chat.limits.conversationsPerUserMax)
    chat.publisher.publish(made)
    return conversation
  }

  private func knownMembers(besides owner: UserID, in chat: Chat) async throws(ChatError) -> [User] {
    let named = Set(members).subtracting([owner])
    guard !named.isEmpty else { return [] }
    let found = try await chat.users.users(named.sorted())
    let known = Set(found.map(\.id)).union([owner])
    let unknown = members.indices.filter { !known.contains(members[$0]) }
    guard unknown.isEmpty else { throw .invalid(unknown.map { .unknownUser(at: "/members/\($0)") }) }
    return found
  }
}
