/// Where all of a user's conversations stand.
public struct UserHeads: Sendable, Hashable {
  /// The head of each that could be asked.
  public var known: [ConversationID: Int64]
  /// Those that could not be: they lie on a machine of the database that is away, while others are there.
  public var unavailable: Set<ConversationID>

  /// What a store says of them.
  public init(known: [ConversationID: Int64], unavailable: Set<ConversationID> = []) {
    self.known = known
    self.unavailable = unavailable
  }
}
