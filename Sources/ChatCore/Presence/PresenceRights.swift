/// Finds out who may know whether somebody is there, as ``PresenceRules`` say.
public struct PresenceRights: Sendable {
  private let conversations: any ConversationStore
  private let contacts: any ContactStore

  /// Asks those stores.
  public init(conversations: any ConversationStore, contacts: any ContactStore) {
    self.conversations = conversations
    self.contacts = contacts
  }

  /// Those of the others whom a user may watch, himself if he is among them; the same may watch him, since what two are
  /// to each other counts both ways.
  ///
  /// - Cost: three reads at least.
  public func watched(by user: UserID, among users: [UserID]) async throws(ChatError) -> Set<UserID> {
    let asked = Set(users)
    let others = asked.subtracting([user]).sorted()
    var relations = try await conversations.relations(of: user, to: others)
    for other in try await contacts.accepted(user, among: others) {
      relations[other, default: Relation()].isContact = true
    }
    for other in try await contacts.estranged(user, among: others) {
      relations[other, default: Relation()].isBlocked = true
    }
    return asked.filter { $0 == user || PresenceRules.mayWatch(relations[$0] ?? Relation()) }
  }
}
