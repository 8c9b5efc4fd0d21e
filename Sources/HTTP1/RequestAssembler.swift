/// Whole requests from bytes: a ``RequestParser`` that keeps the body.
///
/// The caller sees the head first, so that it can set the route's body limit, answer `100 Continue`, or take the
/// connection over for an upgrade instead of going on.
///
/// - Limits: ``RequestLimits``; memory grows with what has arrived, never with what was announced.
public struct RequestAssembler: ~Copyable {
  /// What a step has brought.
  public enum Event: Sendable, Equatable {
    /// All bytes are used up; feed more when they come.
    case needMore
    /// The head is known; the body follows.
    case head(RequestHead)
    /// The request is complete.
    case request(Request)
    /// The request is refused; answer and close.
    case refused(Refusal)
  }

  private var parser: RequestParser
  private var head: RequestHead?
  private var body: [UInt8] = []
  private let peer: String

  /// An assembler at the start of a connection from `peer`.
  public init(limits: RequestLimits = RequestLimits(), peer: String = "") {
    self.parser = RequestParser(limits: limits)
    self.peer = peer
  }

  /// True between requests, when nothing of one has arrived.
  public var isIdle: Bool { head == nil && parser.isIdle }

  /// Bytes of the present request's body that have arrived; what a minimum rate is measured on.
  public var bodyBytes: Int { body.count }

  /// Sets the limit of the body to come, in bytes; see ``RequestParser/limitBody(to:)``.
  public mutating func limitBody(to bytes: Int) -> Refusal? { parser.limitBody(to: bytes) }

  /// Takes bytes until something happens.
  ///
  /// - Returns: how many of the bytes are done with, and what happened.
  public mutating func feed(_ bytes: Span<UInt8>) -> (consumed: Int, event: Event) {
    var consumed = 0
    while true {
      let step = parser.feed(bytes.extracting(consumed...))
      if case .body(let range) = step.event { keep(bytes.extracting(consumed...).extracting(range)) }
      consumed += step.consumed
      switch step.event {
      case .needMore: return (consumed, .needMore)
      case .body: continue
      case .refused(let refusal):
        body = []
        return (consumed, .refused(refusal))
      case .head(let head):
        self.head = head
        return (consumed, .head(head))
      case .complete:
        guard let request = takeRequest() else { continue }
        return (consumed, .request(request))
      }
    }
  }

  private mutating func keep(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { body.append(contentsOf: $0) }
  }

  private mutating func takeRequest() -> Request? {
    guard let head else { return nil }
    let request = Request(head: head, body: body, peer: peer)
    self.head = nil
    body = []
    return request
  }
}
