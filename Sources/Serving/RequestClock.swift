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

  /// How fast a body has to move.
  struct Pace {
    var bytesPerSecond: Int64
    /// How long it may stand still at most, however fast it was; nil lets it save up what it has earned.
    var stallMax: Int64?
  }

  private(set) var phase = Phase.idle
  /// Until when the phase may last.
  private(set) var deadline: Int64
  /// Bytes of the body that have earned their time.
  private var counted = 0

  init(now: Int64, _ limits: ServingLimits) { deadline = now &+ limits.idleMilliseconds }

  /// The connection is in this phase; one that goes on keeps its deadline, an idle one begins anew with each request.
  mutating func enter(_ phase: Phase, now: Int64, _ limits: ServingLimits) {
    guard phase != self.phase || phase == .idle else { return }
    self.phase = phase
    counted = 0
    let time =
      switch phase {
      case .idle: limits.idleMilliseconds
      case .header: limits.headerMilliseconds
      case .body, .stream: limits.bodyMilliseconds
      case .answer: limits.answerMilliseconds
      }
    deadline = now &+ time
  }

  /// So many bytes of the body have come, or of the answer were taken: each earns time, at that pace.
  mutating func moved(to bytes: Int, now: Int64, _ pace: Pace) {
    guard phase == .body || phase == .stream else { return }
    let rate = max(pace.bytesPerSecond, 1)
    let earned = Int64(min(max(0, bytes - counted), RequestClock.bytesAtOnceMax)) * 1000 / rate
    // What is too little for a millisecond counts with the next.
    counted += Int(earned * rate / 1000)
    let later = deadline.addingReportingOverflow(earned)
    deadline = later.overflow ? .max : later.partialValue
    if let stall = pace.stallMax { deadline = min(deadline, now &+ stall) }
  }

  /// Bytes that earn time at once: a tebibyte, no more than can be reckoned with.
  private static let bytesAtOnceMax = 1 << 40
}
