import ChatCore
import Synchronization

/// An import that only looks: names are looked up in the database, and nothing is stored.
///
/// - Limits: what it pretends to have made is remembered, ``ImportRun/usersMax`` names and as many conversations.
/// - Isolation: thread-safe.
public final class Rehearsal: ImportStore, ImportPasswords {
  private struct Maker: Equatable {
    let owner: UserID
    let moment: Timestamp
  }

  private struct Pretended {
    var names: [String: UserID] = [:]
    var groups: [ConversationID: Maker] = [:]
  }

  private let store: any ImportStore
  private let passwords: any ImportPasswords
  private let pretended = Mutex(Pretended())

  /// Looks into that store.
  public init(_ store: any ImportStore, _ passwords: any ImportPasswords) {
    self.store = store
    self.passwords = passwords
  }

  /// Costs nothing.
  public func hash(_ password: String) async throws(ChatError) -> String { "" }

  /// As in earnest.
  public func canVerify(_ hash: String) -> Bool { passwords.canVerify(hash) }

  /// Who has the name, in earnest or in this rehearsal.
  public func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
    if let id = pretended.withLock({ $0.names[key] }) { return actor(id) }
    return try await store.holder(ofUsernameKey: key)
  }

  /// Everybody is there.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] { ids.map(actor) }

  /// Who has gone in earnest.
  public func endedAccount(_ id: UserID) async throws(ChatError) -> User? { try await store.endedAccount(id) }

  /// Takes the name.
  public func register(_ user: PastUser) async throws(ChatError) -> User {
    if try await store.endedAccount(user.id) != nil { throw .conflict(.usernameTaken) }
    let isFree = pretended.withLock { pretended in
      guard pretended.names[user.username.key] == nil else { return false }
      pretended.names[user.username.key] = user.id
      return true
    }
    guard isFree else { throw .conflict(.usernameTaken) }
    return User(
      id: user.id, username: user.username.text, displayName: user.displayName, email: nil,
      createdAt: Timestamp(milliseconds: 0), ownConversation: ConversationID(rawValue: 0))
  }

  /// Does nothing.
  public func restore(
    _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
  ) async throws(ChatError) {}

  /// One for the pair.
  public func openDirect(
    _ one: User, _ other: User, at moment: Timestamp, most: Int
  ) async throws(ChatError) -> ConversationID {
    ConversationID(counter: 1, bucket: Bucket(ofPair: one.id, other.id))
  }

  /// Remembers it.
  public func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool {
    let maker = Maker(owner: group.owner.id, moment: group.createdAt)
    let known = pretended.withLock { pretended in
      let known = pretended.groups[group.id]
      if known == nil, pretended.groups.count < ImportRun.usersMax { pretended.groups[group.id] = maker }
      return known
    }
    if let known, known != maker { throw .conflict(.idempotency) }
    return known == nil
  }

  /// All of them are new, where there is a conversation for them.
  public func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] {
    pretended.withLock { pretended in
      messages.map { message in
        let id = message.conversation
        // Direct conversations of a rehearsal have the number 1; groups have numbers of the upper half.
        let isThere = id.counter == 1 || id == Lobby.id || pretended.groups[id] != nil
        return isThere ? .stored(EntryID(rawValue: 1), isNew: true) : .unknownConversation
      }
    }
  }

  private func actor(_ id: UserID) -> User {
    User(
      id: id, username: "somebody", displayName: "Somebody", email: nil, createdAt: Timestamp(milliseconds: 0),
      ownConversation: ConversationID(rawValue: 0))
  }
}
