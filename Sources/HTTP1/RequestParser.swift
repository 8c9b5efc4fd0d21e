/// The server's reader of requests: bytes in, events out, no I/O.
///
/// Feed it until it says ``Event/needMore``; each step tells how many bytes it took and what happened. After
/// ``Event/complete`` the next request may follow in the same bytes (pipelining); after an upgrade the rest belongs to
/// the other protocol and is simply not fed. A refusal is final.
///
///     var rest = bytes
///     while true {
///       let step = parser.feed(rest)
///       rest = rest.extracting(step.consumed...)
///       if case .needMore = step.event { break }
///     }
///
/// - Limits: ``RequestLimits``; nothing past a limit is kept. Between requests no buffer is held.
/// - Source: RFC 9112; where it leaves a choice between lenient and strict, this is strict.
public struct RequestParser: ~Copyable {
  /// What a step has brought.
  public enum Event: Sendable, Equatable {
    /// All bytes are used up; feed more when they come.
    case needMore
    /// A request's line and header are complete.
    case head(RequestHead)
    /// Body bytes stand in the fed bytes at this range, which ends where the step's `consumed` says or before it.
    case body(Range<Int>)
    /// The request is complete.
    case complete
    /// The request is refused; answer and close. Every later step says the same.
    case refused(Refusal)
  }

  /// One step: what happened, and how many of the fed bytes are done with.
  public struct Step: Sendable, Equatable {
    /// Bytes done with.
    public var consumed: Int
    /// What happened.
    public var event: Event
  }

  enum State {
    case requestLine(emptyLines: Int)
    case headers
    case fixedBody(remaining: Int)
    case chunkLine
    case chunkData(remaining: Int)
    case chunkEnd
    case trailers
    case complete
    case refused(Refusal)
  }

  let limits: RequestLimits
  var state = State.requestLine(emptyLines: 0)
  var lines = LineBuffer()
  var bodyBytesMax: Int
  var bodyBytes = 0
  var chunkExtensionBytes = 0
  private var draft: HeadDraft?

  /// A parser at the start of a connection.
  public init(limits: RequestLimits = RequestLimits()) {
    self.limits = limits
    self.bodyBytesMax = limits.bodyBytesMax
  }

  /// True between requests, when nothing of one has arrived.
  public var isIdle: Bool {
    if case .requestLine = state { return lines.isEmpty }
    return false
  }

  /// Sets the limit of the body to come, in bytes; to be called when the head is known, since routes differ.
  ///
  /// - Returns: a refusal when the announced length is already over it, so that no `100 Continue` is sent.
  public mutating func limitBody(to bytes: Int) -> Refusal? {
    bodyBytesMax = bytes
    if case .fixedBody(let remaining) = state, remaining > bytes - bodyBytes {
      return refuse(.bodyTooLarge)
    }
    return nil
  }

  /// Takes bytes until something happens.
  public mutating func feed(_ bytes: Span<UInt8>) -> Step {
    var position = 0
    do throws(Refusal) {
      let event = try advance(bytes, &position)
      return Step(consumed: position, event: event)
    } catch {
      return Step(consumed: position, event: .refused(refuse(error)))
    }
  }

  @discardableResult
  private mutating func refuse(_ refusal: Refusal) -> Refusal {
    lines.release()
    draft = nil
    state = .refused(refusal)
    return refusal
  }

  private mutating func advance(_ bytes: Span<UInt8>, _ position: inout Int) throws(Refusal) -> Event {
    while true {
      let event: Event?
      switch state {
      case .requestLine(let emptyLines): event = try readRequestLine(bytes, &position, emptyLines)
      case .headers: event = try readHeaderLine(bytes, &position)
      case .fixedBody(let remaining): event = try readFixedBody(bytes, &position, remaining)
      case .chunkLine: event = try readChunkLine(bytes, &position)
      case .chunkData(let remaining): event = readChunkData(bytes, &position, remaining)
      case .chunkEnd: event = try readChunkEnd(bytes, &position)
      case .trailers: event = try readTrailerLine(bytes, &position)
      case .complete: event = finish()
      case .refused(let refusal): throw refusal
      }
      if let event { return event }
    }
  }

  private mutating func readRequestLine(
    _ bytes: Span<UInt8>, _ position: inout Int, _ emptyLines: Int
  ) throws(Refusal) -> Event? {
    switch try lines.take(bytes, &position, lineBytesMax: limits.requestLineBytesMax) {
    case .needMore: return .needMore
    case .tooLong: throw lines.hasSpace(within: RequestLimits.methodBytesMax) ? .targetTooLong : .methodTooLong
    case .line(let range) where range.isEmpty:
      guard emptyLines < RequestLimits.leadingEmptyLinesMax else { throw .requestLine }
      lines.release()
      state = .requestLine(emptyLines: emptyLines &+ 1)
      return nil
    case .line(let range):
      draft = try HeadDraft(line: lines.bytes[range])
      lines.startSection()
      state = .headers
      return nil
    }
  }

  private mutating func readHeaderLine(_ bytes: Span<UInt8>, _ position: inout Int) throws(Refusal) -> Event? {
    switch try lines.take(bytes, &position, sectionBytesMax: limits.headerBytesMax) {
    case .needMore: return .needMore
    case .tooLong: throw .headerTooLarge
    case .line(let range) where range.isEmpty: return try concludeHead()
    case .line(let range):
      try draft?.addField(line: range, in: lines.bytes, fieldsMax: limits.headerFieldsMax)
      return nil
    }
  }

  private mutating func concludeHead() throws(Refusal) -> Event? {
    guard let head = try draft?.conclude(in: lines.take()) else { throw .requestLine }
    draft = nil
    bodyBytesMax = limits.bodyBytesMax
    bodyBytes = 0
    chunkExtensionBytes = 0
    switch head.bodyLength {
    case .none: state = .complete
    case .fixed(let length): state = .fixedBody(remaining: length)
    case .chunked: state = .chunkLine
    }
    return .head(head)
  }

  private mutating func readFixedBody(
    _ bytes: Span<UInt8>, _ position: inout Int, _ remaining: Int
  ) throws(Refusal) -> Event? {
    // Checked here and not with the head, so that the route's own limit can be set in between.
    if remaining > bodyBytesMax - bodyBytes { throw .bodyTooLarge }
    let taken = min(remaining, bytes.count &- position)
    guard taken > 0 else { return .needMore }
    let range = position..<(position &+ taken)
    position &+= taken
    bodyBytes &+= taken
    state = taken == remaining ? .complete : .fixedBody(remaining: remaining &- taken)
    return .body(range)
  }

  private mutating func finish() -> Event {
    lines.release()
    state = .requestLine(emptyLines: 0)
    return .complete
  }
}
