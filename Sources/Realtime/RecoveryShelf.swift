import ChatCore
import Delivery

/// What sessions of a node were sent whose connections were lost; 10,000 of them with full trails take some 200 MB.
public typealias RecoveryShelf = Shelf<LostSession>

/// What is kept of a session whose connection was lost.
public struct LostSession: Sendable {
  let id: SessionName
  let trail: Trail
}

extension Shelf where Left == LostSession {
  /// Conversations of all sessions that wait: a million, 32 MB.
  static var headsMax: Int { 1_000_000 }

  /// An empty shelf; `makeID` makes ids that nobody can guess.
  public convenience init(makeID: @escaping @Sendable () -> String) {
    self.init(sizeMax: Self.headsMax, size: { $0.trail.heads.count }, makeID: makeID)
  }
}
