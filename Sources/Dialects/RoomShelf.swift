import ChatCore
import Delivery

/// Which rooms clients of a node had entered whose connections were lost: who comes back soon is inside them again,
/// since old clients do not join anew. One that comes back to another node joins by itself, or by what it sends.
public typealias RoomShelf = Shelf<Set<ConversationID>>

extension Shelf where Left == Set<ConversationID> {
  /// Rooms of all that wait: ten each, some megabytes.
  static var roomsMax: Int { 100_000 }

  /// An empty shelf; `makeID` makes ids that nobody can guess, each once.
  public convenience init(makeID: @escaping @Sendable () -> String) {
    self.init(sizeMax: Self.roomsMax, size: { $0.count }, makeID: makeID)
  }
}
