import ChatCore

/// Ada, Bob and Eve and their rooms, on any set of stores; each cast has names of its own, so that many share a
/// database.
public struct Cast: Sendable {
  /// What they live in.
  public let stores: StoresUnderTest
  /// What makes this cast's names its own: `ada-<mark>`.
  public let mark: String
  /// Owns the rooms.
  public let ada: User
  /// Ada's friend.
  public let bob: User
  /// The stranger.
  public let eve: User

  /// Registers the three.
  public static func gather(in stores: StoresUnderTest) async throws(ChatError) -> Cast {
    let mark = String(UInt64.random(in: .min ... .max), radix: 36)
    return Cast(
      stores: stores, mark: mark, ada: try await register("ada-\(mark)", in: stores),
      bob: try await register("bob-\(mark)", in: stores), eve: try await register("eve-\(mark)", in: stores))
  }

  /// Registers one more: `<name>-<mark>`.
  public func extra(_ name: String) async throws(ChatError) -> User {
    try await Cast.register("\(name)-\(mark)", in: stores)
  }

  /// The direct conversation of Ada and Bob.
  public func direct() async throws(ChatError) -> Conversation {
    try await stores.conversations.openDirect(ada, bob).conversation
  }

  /// A group of Ada, the owner, with Bob or others; Eve is never in it by herself.
  public func group(with members: [User]? = nil) async throws(ChatError) -> Conversation {
    try await stores.conversations.create(.group, title: "Room", owner: ada, members: members ?? [bob]).conversation
  }

  /// Groups of Ada and Bob of which no two share a bucket.
  public func groupsApart(_ count: Int) async throws(ChatError) -> [ConversationID] {
    var groups: [ConversationID] = []
    while groups.count < count {
      let group = try await group().id
      if !groups.contains(where: { $0.bucket == group.bucket }) { groups.append(group) }
    }
    return groups
  }

  /// A public conversation of Ada's.
  public func square() async throws(ChatError) -> Conversation {
    try await stores.conversations.create(.public, title: "Square", owner: ada, members: []).conversation
  }

  /// One of them says something.
  @discardableResult
  public func say(
    _ text: String, by user: User, in conversation: ConversationID, clientMessageID: String? = nil,
    replyTo: EntryID? = nil, attachments: [Attachment] = []
  ) async throws(ChatError) -> Appended {
    try await stores.log.append(
      NewMessage(
        conversation: conversation, sender: user.id, type: .text, text: text, clientMessageID: clientMessageID,
        replyTo: replyTo, attachments: attachments))
  }

  private static func register(_ name: String, in stores: StoresUnderTest) async throws(ChatError) -> User {
    try await stores.users.register(
      NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "hash of \(name)"))
  }
}
