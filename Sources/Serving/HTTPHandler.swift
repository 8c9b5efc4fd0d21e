import HTTP1
import IORuntime
import WebSocket

/// What answers the requests of a server.
///
/// - Isolation: called on the server's loop; `async` code stays on it.
public protocol HTTPHandler: AnyObject, Sendable {
  /// How long the body of this request may be; nil for the server's own limit. Room for what is above that is taken
  /// from ``ServingLimits/largeBodies`` before a byte of it is read.
  ///
  /// - Throws: why the body is not read at all.
  func bodyAllowance(for head: RequestHead) throws(Refusal) -> BodyAllowance?

  /// Says whether a request that asks to go on as WebSocket may; nil when nobody serves WebSockets there, and the
  /// request is answered as any other.
  func upgrade(_ request: Request) -> UpgradeAnswer?

  /// Whether the answer to this request is for a client that still waits for it, as a long poll's: when the client ends
  /// its half or the connection is lost, the task that answers is cancelled.
  func endsWithClient(_ head: RequestHead) -> Bool

  /// Words what the server itself refuses: what its parser did not take, what came too slowly, what is one connection
  /// too many. The connection closes after it.
  ///
  /// - Parameter head: of the request, as far as it had arrived.
  func answer(to refusal: Refusal, head: RequestHead?) -> Response

  /// Answers a request. Requests of one connection are answered one after the other, in order.
  func respond(to request: Request) async -> Response
}

extension HTTPHandler {
  /// The server's own limit.
  public func bodyAllowance(for head: RequestHead) -> BodyAllowance? { nil }
  /// No: what a request has begun is finished.
  public func endsWithClient(_ head: RequestHead) -> Bool { false }
  /// A line of plain text.
  public func answer(to refusal: Refusal, head: RequestHead?) -> Response { Response(refusal) }
  /// No WebSockets.
  public func upgrade(_ request: Request) -> UpgradeAnswer? { nil }
}

/// How long a body may be, and whose it is.
public struct BodyAllowance: Sendable, Equatable {
  /// Bytes of it.
  public let bytesMax: Int
  /// Who has signed in to send it, as ``BodyRoom/Holder`` counts him; nil for nobody.
  public let account: String?

  /// An allowance by its parts.
  public init(_ bytesMax: Int, account: String? = nil) {
    self.bytesMax = bytesMax
    self.account = account
  }
}

/// The answer to a request that asks for a WebSocket.
public enum UpgradeAnswer {
  /// No; the connection closes after the answer.
  case refuse(Response)
  /// Yes, on these terms; `begin` gets the connection and gives the one who listens to it.
  case accept(Handshake.Agreement, limits: MessageLimits, begin: (WebSocketConnection) -> any WebSocketHandler)
  /// Perhaps: the connection itself is given away, and who gets it answers the request, now or later.
  case handOver(begin: (RawConnection) -> any ConnectionHandler)
}

extension Handshake {
  /// Checks a request's handshake and agrees on its terms.
  public static func agree(_ head: RequestHead, offer: Offer = Offer()) throws(Refusal) -> Agreement {
    try agree(
      method: head.method.rawValue, isHTTP11: head.version == .http11, hasBody: head.bodyLength != .none, offer: offer
    ) { head.headers.values(for: $0) }
  }
}

extension Refusal {
  /// A handshake that was refused.
  public init(_ refusal: Handshake.Refusal) {
    let code = refusal.status == Status.upgradeRequired.code ? "upgrade_required" : "invalid_handshake"
    self.init(Status(refusal.status), code, refusal.reason)
  }
}

extension Response {
  /// The answer to a handshake that was refused, as plain text.
  public init(_ refusal: Handshake.Refusal) {
    self.init(Refusal(refusal))
    add(refusal)
  }

  /// Adds the fields that the refusal of a handshake needs.
  public mutating func add(_ refusal: Handshake.Refusal) {
    for (name, value) in refusal.headers { headers.append(name, value) }
  }
}
