import ChatCore

/// What the request said that opened a socket, held apart: few say anything, and every idle session would have the room
/// for it.
public final class OpeningTrace: Sendable {
  /// Its `traceparent`.
  public let trace: TraceParent

  /// Nil when it said nothing.
  public init?(_ trace: TraceParent?) {
    guard let trace else { return nil }
    self.trace = trace
  }
}
