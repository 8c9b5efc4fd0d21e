/// Of which channels nothing is heard any more.
public enum LostChannels: Hashable, Sendable {
  /// Of all: there is one Redis.
  case all
  /// Of those in these slots of a cluster.
  case slots(Set<HashSlot>)

  /// Whether it is about the channels of a slot.
  public func contains(_ slot: HashSlot) -> Bool {
    switch self {
    case .all: true
    case .slots(let slots): slots.contains(slot)
    }
  }
}
