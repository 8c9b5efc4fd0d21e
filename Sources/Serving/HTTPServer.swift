import Glibc
import HTTP1
import IORuntime

/// The HTTP server of one loop: accepts, reads requests, has them answered in order, hands upgraded connections over.
///
///     let server = HTTPServer(loop: loop, handler: handler)
///     try server.serve(Listener(loop: loop, address: .ip(host: "0.0.0.0", port: 8080)))
///
/// - Isolation: its loop.
/// - Limits: ``ServingLimits``.
public final class HTTPServer: @unchecked Sendable {
  /// The loop that it lives on.
  public let loop: EventLoop

  let limits: ServingLimits
  let handler: any HTTPHandler
  let proxies: TrustedProxies
  var counts = ServingCounts()
  private(set) var isDraining = false

  private var listeners: [Listener] = []
  private var http: [ObjectIdentifier: HTTPConnection] = [:]
  private var webSockets: [ObjectIdentifier: WebSocketConnection] = [:]
  private var raws: [ObjectIdentifier: RawConnection] = [:]
  private var addresses: [String: Int] = [:]
  private let together: Together
  private var scratch: [UInt8] = []
  private var date: (second: Int, bytes: [UInt8]) = (0, [])
  private var whenEmpty: (() -> Void)?

  /// The bytes of a body from which on it is sent where it stands: copying less costs no more than a second piece.
  private static let bodyBytesApart = 8 * 1024
  /// The bytes of an answer up to which the scratch buffer is kept.
  private static let scratchBytesKept = 256 * 1024

  /// The connections of all servers that stand beside each other.
  private final class Together {
    var open = 0
    var turnedAway = 0
  }

  /// A server without a listener; what it holds counts for the limit of connections together with what `other` holds,
  /// which lives on the same loop.
  public init(
    loop: EventLoop, limits: ServingLimits = ServingLimits(), proxies: TrustedProxies = TrustedProxies(),
    beside other: HTTPServer? = nil, handler: any HTTPHandler
  ) {
    together = other?.together ?? Together()
    self.loop = loop
    self.limits = limits
    self.proxies = proxies
    self.handler = handler
  }

  /// What has been done so far, and what is open now.
  public var report: ServingCounts { counts }

  /// Accepts what comes to a listener of the same loop, for as long as somebody holds the server.
  ///
  /// - Throws: ``SystemError`` from epoll.
  public func serve(_ listener: Listener) throws(SystemError) {
    listeners.append(listener)
    try listener.start { [weak self] connection in self?.accept(connection) }
  }

  /// Takes a connection that was accepted elsewhere.
  public func accept(_ connection: Connection) {
    counts.accepted += 1
    let address = connection.peerAddress?.host ?? ""
    if together.open >= limits.connectionsMax { return turnAway(connection, .connections, "connections") }
    let block = proxies.block(of: address)
    if let block, addresses[block, default: 0] >= limits.connectionsPerAddressMax {
      return turnAway(connection, .connectionsOfAddress, "address")
    }
    if let block { addresses[block, default: 0] += 1 }
    counts.open += 1
    together.open += 1
    let http = HTTPConnection(server: self, connection: connection, address: address, countedAs: block)
    self.http[ObjectIdentifier(http)] = http
    connection.begin(with: http)
  }

  /// Accepts no more, closes what is idle, and lets the rest finish: every answer from now on closes its connection.
  ///
  /// WebSockets stay: those who listen to them say good-bye. `finished` is called once, when nothing is open any more.
  public func drain(finished: @escaping () -> Void) {
    isDraining = true
    whenEmpty = finished
    for listener in listeners { listener.close() }
    listeners = []
    for connection in http.values { connection.drain() }
    tellWhenEmpty()
  }

  /// Closes everything that is still open, at once; ``drain(finished:)`` then finishes.
  public func closeAll() {
    for connection in http.values { connection.closeNow() }
    for connection in webSockets.values { connection.abandon() }
    for connection in raws.values { connection.close() }
  }

  // MARK: For connections

  func upgraded(_ connection: HTTPConnection, to webSocket: WebSocketConnection) {
    http[ObjectIdentifier(connection)] = nil
    webSockets[ObjectIdentifier(webSocket)] = webSocket
    counts.webSockets += 1
  }

  func handedOver(_ connection: HTTPConnection, to raw: RawConnection) {
    http[ObjectIdentifier(connection)] = nil
    raws[ObjectIdentifier(raw)] = raw
  }

  func ended(_ raw: RawConnection, block: String?) {
    raws[ObjectIdentifier(raw)] = nil
    release(block)
  }

  func ended(_ connection: HTTPConnection, block: String?) {
    http[ObjectIdentifier(connection)] = nil
    release(block)
  }

  func ended(_ webSocket: WebSocketConnection, block: String?) {
    webSockets[ObjectIdentifier(webSocket)] = nil
    counts.webSockets -= 1
    release(block)
  }

  /// Writes an answer to a connection.
  func send(_ response: Response, on connection: Connection, answering head: RequestHead?, keepAlive: Bool) {
    scratch.removeAll(keepingCapacity: scratch.capacity <= HTTPServer.scratchBytesKept)
    let (method, version) = (head?.method ?? .get, head?.version ?? .http11)
    // TLS would make a record of the header and more of the body.
    guard response.body.count >= HTTPServer.bodyBytesApart, response.sendsBody(answering: method), !connection.isSecure
    else {
      response.write(into: &scratch, answering: method, keepAlive: keepAlive, version: version, date: now())
      return connection.send(scratch)
    }
    response.writeHead(into: &scratch, keepAlive: keepAlive, version: version, date: now())
    connection.send(scratch)
    connection.send(response.body)
  }

  private func now() -> [UInt8] {
    let second = time(nil)
    if second != date.second || date.bytes.isEmpty { date = (second, HTTPDate.bytes(unixSeconds: second)) }
    return date.bytes
  }

  private func turnAway(_ connection: Connection, _ refusal: Refusal, _ limit: String) {
    counts.turnedAway[limit, default: 0] += 1
    together.turnedAway += 1
    connection.begin(with: TurnedAway { [together] in together.turnedAway -= 1 })
    guard together.turnedAway <= limits.turnedAwayMax else { return connection.close() }
    send(handler.answer(to: refusal, head: nil), on: connection, answering: nil, keepAlive: false)
    connection.closeAfterFlush(deadline: limits.lingerMilliseconds)
  }

  private func release(_ block: String?) {
    counts.open -= 1
    together.open -= 1
    if let block, let count = addresses[block] { addresses[block] = count > 1 ? count - 1 : nil }
    tellWhenEmpty()
  }

  private func tellWhenEmpty() {
    guard isDraining, counts.open == 0, let finished = whenEmpty else { return }
    whenEmpty = nil
    finished()
  }
}

/// The owner of a connection that gets one answer and nothing else.
private final class TurnedAway: ConnectionHandler {
  private let whenEnded: () -> Void

  init(whenEnded: @escaping () -> Void) { self.whenEnded = whenEnded }

  func received(_ bytes: UnsafeRawBufferPointer) {}
  func ended(_ reason: ConnectionEnd) { whenEnded() }
}
