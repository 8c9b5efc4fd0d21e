import Synchronization

/// Room in memory that a long body takes: whoever keeps the body keeps this too, and who lets go of it gives the room
/// back.
///
/// An answer takes it while it gathers and hands it on with ``Response/hold``, so that it is held until the client has
/// taken the answer.
///
/// - Isolation: thread-safe; the body's size is said by one task at a time.
public final class BodyHold: Sendable {
  private let bytes = Mutex(0)
  private let change: @Sendable (_ old: Int, _ new: Int) throws(Refusal) -> Void

  /// A hold of nothing yet; `change` is asked for more room and told of less.
  public init(change: @escaping @Sendable (_ old: Int, _ new: Int) throws(Refusal) -> Void) { self.change = change }

  /// A hold that has room for all: for what is bounded before it becomes an answer, and would be lost by a refusal.
  public convenience init() { self.init { _, _ in } }

  deinit {
    let held = bytes.withLock { $0 }
    if held > 0 { try? change(held, 0) }
  }

  /// Says how many bytes the body has now, or will have.
  ///
  /// - Throws: why there is no room for more; then it holds what it held.
  public func resize(to size: Int) throws(Refusal) {
    try bytes.withLock { (held) throws(Refusal) in
      guard size != held else { return }
      try change(held, size)
      held = size
    }
  }
}

extension BodyHold: Equatable {
  /// A hold is equal to itself only.
  public static func == (left: BodyHold, right: BodyHold) -> Bool { left === right }
}
