import ChatCore

/// Traces what its sender records, and of the rest a share.
///
/// Whoever sends a `traceparent` has decided: its lowest flag says whether we record our part.
public struct ShareTracer: Tracer {
  private let queue: SpanQueue
  private let perTenThousand: Int
  private let clock: @Sendable () -> UInt64
  private let random: @Sendable () -> UInt64

  /// Traces that many of ten thousand requests whose sender says nothing.
  ///
  /// - Parameters:
  ///   - clock: nanoseconds since 1970.
  ///   - random: any 64 bits.
  public init(
    queue: SpanQueue, perTenThousand: Int, clock: @escaping @Sendable () -> UInt64,
    random: @escaping @Sendable () -> UInt64
  ) {
    self.queue = queue
    self.perTenThousand = perTenThousand
    self.clock = clock
    self.random = random
  }

  /// Begins the trace of a request, or goes on with its sender's.
  public func begin(_ parent: TraceParent?) -> TraceScope? {
    if let parent { return parent.isSampled ? TraceScope(trace: parent.trace, parent: parent.span, tracer: self) : nil }
    guard random() % 10_000 < UInt64(clamping: perTenThousand) else { return nil }
    return TraceScope(trace: newSpan() + newSpan(), parent: nil, tracer: self)
  }

  /// Sixteen hexadecimal digits, not all zero.
  public func newSpan() -> String {
    let digits = String(max(1, random()), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Nanoseconds since 1970.
  public var now: UInt64 { clock() }

  /// Puts it into the queue, if there is room.
  public func ended(_ span: TraceSpan) { queue.add(span) }
}
