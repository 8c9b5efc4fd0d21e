/// Takes notes of what requests are made of, for whoever watches from outside; Node fills it, if that is wanted.
public protocol Tracer: Sendable {
  /// Begins the trace of a request; nil when this one is not to be traced.
  ///
  /// - Parameter parent: what the sender says of it, if he says anything.
  func begin(_ parent: TraceParent?) -> TraceScope?
  /// An id for another span: 16 hexadecimal digits.
  func newSpan() -> String
  /// Nanoseconds since 1970.
  var now: UInt64 { get }
  /// Takes a span; never waits, never fails.
  func ended(_ span: TraceSpan)
}

/// A request that is being traced: its own span, and under it those of its parts.
public struct TraceScope: Sendable {
  /// The trace: 32 hexadecimal digits.
  public let trace: String
  private let span: String
  private let parent: String?
  private let begun: UInt64
  private let tracer: any Tracer

  /// Begins now.
  public init(trace: String, parent: String?, tracer: any Tracer) {
    self.trace = trace
    self.parent = parent
    self.tracer = tracer
    span = tracer.newSpan()
    begun = tracer.now
  }

  /// The request was answered.
  public func end(_ name: String, _ facts: [(name: String, value: TraceSpan.Fact)], hasFailed: Bool) {
    tracer.ended(
      TraceSpan(
        trace: trace, id: span, parent: parent, name: name, kind: .server, begun: begun, ended: tracer.now,
        facts: facts, hasFailed: hasFailed))
  }

  /// A part of it, for which the request waits.
  func part<Reply>(
    _ name: String, _ facts: [(name: String, value: TraceSpan.Fact)], _ body: () async throws(ChatError) -> Reply
  ) async throws(ChatError) -> Reply {
    let begun = tracer.now
    do throws(ChatError) {
      let reply = try await body()
      tell(name, .client, facts, since: begun, hasFailed: false)
      return reply
    } catch {
      tell(name, .client, facts, since: begun, hasFailed: error.isOurs)
      throw error
    }
  }

  /// A part of it that is handed over.
  func handing(_ name: String, _ facts: [(name: String, value: TraceSpan.Fact)], _ body: () -> Void) {
    let begun = tracer.now
    body()
    tell(name, .producer, facts, since: begun, hasFailed: false)
  }

  private func tell(
    _ name: String, _ kind: TraceSpan.Kind, _ facts: [(name: String, value: TraceSpan.Fact)], since begun: UInt64,
    hasFailed: Bool
  ) {
    tracer.ended(
      TraceSpan(
        trace: trace, id: tracer.newSpan(), parent: span, name: name, kind: kind, begun: begun, ended: tracer.now,
        facts: facts, hasFailed: hasFailed))
  }
}

extension ChatError {
  /// Whether something of ours is away or broken, rather than the asking wrong.
  var isOurs: Bool {
    switch self {
    case .unavailable, .internalError: true
    default: false
    }
  }
}
