import ChatCore
import Synchronization

/// Spans that have ended and wait to be sent, from all loops of a node.
///
/// - Limits: ``spansMax``; past it spans are dropped and counted, and nobody waits.
public final class SpanQueue: Sendable {
  /// Spans that may wait: 8,192, some four megabytes, which a collector that was away for a moment catches up with.
  public static let spansMax = 8_192

  private struct State {
    var waiting: [TraceSpan] = []
    var counts = SpanCounts()
  }

  private let state = Mutex(State())

  /// An empty one.
  public init() {}

  /// Takes a span, if there is room.
  public func add(_ span: TraceSpan) {
    state.withLock { state in
      if state.waiting.count < Self.spansMax { state.waiting.append(span) } else { state.counts.dropped += 1 }
    }
  }

  /// What became of spans so far, and how many wait.
  public var counts: SpanCounts {
    state.withLock { state in
      var counts = state.counts
      counts.waiting = state.waiting.count
      return counts
    }
  }

  /// The oldest that wait, which wait no more.
  func take(_ most: Int) -> [TraceSpan] {
    state.withLock { state in
      let taken = Array(state.waiting.prefix(most))
      state.waiting.removeFirst(taken.count)
      return taken
    }
  }

  func sent(_ count: Int) { state.withLock { $0.counts.sent += count } }
  func failed(_ count: Int) { state.withLock { $0.counts.failed += count } }
}

/// What became of spans; for metrics.
public struct SpanCounts: Sendable, Hashable {
  /// Spans that the collector has taken.
  public var sent = 0
  /// Spans for which there was no room.
  public var dropped = 0
  /// Spans that the collector did not take.
  public var failed = 0
  /// Spans that wait.
  public var waiting = 0

  /// All zero.
  public init() {}
}
