import ChatCore

/// What a wire may need to know of a conversation to tell its entries, and entries do not carry: its kind, and of a
/// direct one the two.
///
/// It never changes, so a room learns it once, before the first session sits down whose format needs it
/// (``WireFormat/needsFacts``); rooms without such a session never ask.
public final class RoomFacts: Sendable {
  /// What kind it is.
  public let kind: ConversationKind
  /// The two of a direct conversation, in the order of their ids; of others nobody.
  public let pair: [Author]

  /// What a store says of it.
  public init(_ conversation: Conversation) {
    kind = conversation.kind
    let members = conversation.kind == .direct ? conversation.members.sorted { $0.user < $1.user } : []
    pair = members.map { Author(id: $0.user, username: $0.username) }
  }

  /// Of a user's own.
  static let own = RoomFacts(.self, pair: [])

  private init(_ kind: ConversationKind, pair: [Author]) {
    self.kind = kind
    self.pair = pair
  }

  /// The one of a direct conversation who is not that user.
  public func other(than user: UserID) -> Author? { pair.first { $0.id != user } }
}

/// Reads the facts of conversations before sessions sit down in their rooms.
///
/// - Cost: a page of the user's conversations for every hundred that no session of this loop has asked for before.
struct FactReader {
  let conversations: any ConversationStore
  /// Conversations a page: as many as a list of the API has.
  static let pageMax = 100
  /// The two of a direct conversation.
  static let membersMax = 2
  /// Conversations that are asked about in vain, each of which may take a statement's whole time.
  static let failuresMax = 3

  /// The facts of the user's conversations that are `wanted`; those that he has left by now are not among them.
  func facts(
    of wanted: Set<ConversationID>, for user: UserID, own: ConversationID
  ) async throws(ChatError) -> [ConversationID: RoomFacts] {
    var found: [ConversationID: RoomFacts] = wanted.contains(own) ? [own: .own] : [:]
    var missing = wanted.subtracting([own])
    var after: ConversationID?
    while !missing.isEmpty {
      let page = try await conversations.conversations(
        of: user, after: after, limit: FactReader.pageMax, members: FactReader.membersMax)
      for conversation in page where missing.remove(conversation.id) != nil {
        found[conversation.id] = RoomFacts(conversation)
      }
      guard page.count == FactReader.pageMax, let last = page.last else { break }
      after = last.id
    }
    return found
  }

  /// The facts of those `wanted` by a session whose heads are these: one by one where some are unavailable, since a
  /// list of them all cannot be had then. Those of which nothing can be learned are unavailable too; after three of
  /// them, all the rest, of which nobody waits for each.
  func facts(
    of wanted: Set<ConversationID>, for session: HubSession, _ heads: inout UserHeads
  ) async throws(ChatError) -> [ConversationID: RoomFacts] {
    let own = session.ownConversation
    guard !heads.unavailable.isEmpty else { return try await facts(of: wanted, for: session.user, own: own) }
    var found: [ConversationID: RoomFacts] = wanted.contains(own) ? [own: .own] : [:]
    var failures = 0
    for id in wanted.subtracting([own]).sorted() where session.isAttached {
      if failures < FactReader.failuresMax {
        do throws(ChatError) {
          found[id] = try await facts(of: id, for: session.user)
          continue
        } catch {
          failures += 1
        }
      }
      heads.known[id] = nil
      heads.unavailable.insert(id)
    }
    return found
  }

  /// The facts of one conversation that the user has just joined; nil when he is out again.
  func facts(of id: ConversationID, for user: UserID) async throws(ChatError) -> RoomFacts? {
    try await conversations.conversation(id, for: user, members: FactReader.membersMax).map { RoomFacts($0) }
  }
}
