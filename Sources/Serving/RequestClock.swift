/// What a connection is waited for, and until when.
///
/// - Units: milliseconds of the loop's clock.
struct RequestClock {
  enum Phase: Equatable {
    /// Between requests.
    case idle
    /// A request has begun, its header is not complete.
    case header
    /// The body is under way.
    case body
    /// The handler works.
    case answer
    /// The client reads a long answer.
    case stream

    var name: String {
      switch self {
      case .idle: "idle"
      case .header: "header"
      case .body: "body"
      case .answer: "answer"
      case .stream: "stream"
      }
    }
  }

  private(set) var phase = Phase.idle
  private var since: Int64

  init(now: Int64) { since = now }

  /// The connection is in this phase; one that goes on keeps its beginning, an idle one begins anew with each request.
  mutating func enter(_ phase: Phase, now: Int64) {
    guard phase != self.phase || phase == .idle else { return }
    self.phase = phase
    since = now
  }

  /// Until when the phase may last, when so many bytes of the body have come, or of the answer were taken.
  func deadline(_ limits: ServingLimits, bodyBytes: Int) -> Int64 {
    switch phase {
    case .idle: return since &+ limits.idleMilliseconds
    case .header: return since &+ limits.headerMilliseconds
    case .body, .stream:
      let earned = Int64(clamping: bodyBytes).multipliedReportingOverflow(by: 1000)
      let rate = max(limits.bodyBytesPerSecondMin, 1)
      return since &+ limits.bodyMilliseconds &+ (earned.overflow ? 0 : earned.partialValue / rate)
    case .answer: return since &+ limits.answerMilliseconds
    }
  }
}
