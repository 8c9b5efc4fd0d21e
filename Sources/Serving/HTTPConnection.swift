import HTTP1
import IORuntime
import WebSocket

/// One connection of HTTP: requests one after the other, each answered before the next is read.
///
/// - Isolation: its server's loop.
final class HTTPConnection: @unchecked Sendable {
  let server: HTTPServer
  let connection: Connection
  private let address: String
  /// What the limit of connections counts it as; nil for a proxy.
  private let block: String?
  var assembler: RequestAssembler
  /// Of the request that is read or answered.
  var head: RequestHead?
  /// What came while a request was answered.
  private var backlog: [UInt8] = []
  var isBusy = false
  private var isPumping = false
  private var isReadingPaused = false
  var isClosing = false
  private var peerHasFinished = false
  /// Who has the connection when it is HTTP no more.
  var upgraded: (any ConnectionHandler)?
  var clock: RequestClock
  var timer: LoopTimer?
  var timerAt = Int64.max
  /// What answers a request whose answer is for a client that still waits.
  private var answering: Task<Void, Never>?
  private var started: UInt32 = 0
  /// The room of the long body that is read, or of the long answer that the client reads.
  var hold: BodyHold?
  /// Of the long answer that the client reads: what it has been given.
  var poured: Int?
  var whenDrained: CheckedContinuation<Void, Never>?

  init(server: HTTPServer, connection: Connection, address: String, countedAs block: String?) {
    self.server = server
    self.connection = connection
    self.address = address
    self.block = block
    assembler = RequestAssembler(limits: server.limits.request)
    clock = RequestClock(now: server.loop.now, server.limits)
    arm()
  }

  /// The server leaves: an idle connection closes now, a busy one with its answer.
  func drain() {
    if !isBusy && assembler.isIdle && backlog.isEmpty { close() }
  }

  func closeNow() { connection.close() }

  // MARK: Reading

  private var mayRead: Bool { !isBusy && !isClosing && upgraded == nil && !connection.isCongested }

  /// Reads requests until one has to be waited for.
  ///
  /// - Returns: how many of the bytes are done with.
  private func pump(_ bytes: UnsafeRawBufferPointer) -> Int {
    var position = 0
    isPumping = true
    while mayRead {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      let (consumed, event) = assembler.feed(rest.bindMemory(to: UInt8.self).span)
      position += consumed
      if case .needMore = event { break }
      take(event)
    }
    isPumping = false
    return position
  }

  private func take(_ event: RequestAssembler.Event) {
    switch event {
    case .needMore: break
    case .head(let head): take(head)
    case .request(let request):
      start(request)
    case .refused(let refusal):
      server.counts.refused[refusal.code, default: 0] += 1
      refuse(refusal)
    }
  }

  private func take(_ head: RequestHead) {
    self.head = head
    if head.asksUpgrade(to: "websocket"), let answer = server.handler.upgrade(request(head, [])) {
      return upgrade(head, answer)
    }
    guard head.bodyLength != .none else { return }
    do throws(Refusal) {
      try prepareBody(head)
    } catch {
      server.counts.refused[error.code, default: 0] += 1
      return refuse(error)
    }
    if head.expectsContinue { connection.send(Response.continueBytes) }
  }

  func request(_ head: RequestHead, _ body: [UInt8]) -> Request {
    let forwarded = head.headers.values(for: "x-forwarded-for")
    return Request(
      head: head, body: body,
      peer: forwarded.isEmpty ? address : server.proxies.client(peer: address, forwarded: forwarded))
  }

  /// Keeps what cannot be read yet; past the limit reading rests.
  private func keep(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty, !isClosing else { return }
    backlog.append(contentsOf: bytes)
    if backlog.count > server.limits.pipelinedBytesMax && !isReadingPaused {
      isReadingPaused = true
      connection.pauseReading()
    }
  }

  private func goOn() {
    guard mayRead else { return }
    // Nothing has come, and nothing of a request waits for its next step.
    if !backlog.isEmpty || !assembler.isIdle {
      let waiting = backlog
      backlog = []
      waiting.withUnsafeBytes { handle($0) }
    }
    if isReadingPaused && backlog.count <= server.limits.pipelinedBytesMax && !isClosing {
      isReadingPaused = false
      connection.resumeReading()
    }
    if peerHasFinished && mayRead && upgraded == nil { close() }
  }

  private func handle(_ bytes: UnsafeRawBufferPointer) {
    let used = pump(bytes)
    let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
    if let upgraded {
      upgraded.received(rest)
    } else {
      keep(rest)
      watchTime()
    }
  }

  // MARK: Answering

  private func start(_ read: Request) {
    let request = request(read.head, read.body)
    // Of a length that was not announced, as much was taken as it might have had.
    try? hold?.resize(to: read.body.count)
    isBusy = true
    clock.enter(.answer, now: server.loop.now, server.limits)
    if request.method == .options && request.path == "*" { return answer(HTTPConnection.serverOptions, to: request) }
    let endsWithClient = server.handler.endsWithClient(request.head)
    started &+= 1
    let number = started
    let task = server.loop.spawn { [self] in
      let response = await server.handler.respond(to: request)
      answer(response, to: request)
    }
    // What answered at once has perhaps begun with the next request by now.
    if endsWithClient && isBusy && number == started { answering = task }
  }

  private func clientLeft() {
    answering?.cancel()
    answering = nil
  }

  /// What `OPTIONS *` asks of the server as a whole.
  private static let serverOptions = Response(
    .noContent, headers: ["Allow": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"])

  private func answer(_ response: Response, to request: Request) {
    hold = nil
    guard isBusy, !isClosing else { return }
    answering = nil
    var response = response
    do throws(Refusal) { try prepareAnswer(&response, to: request) } catch {
      server.counts.refused[error.code, default: 0] += 1
      return refuse(error)
    }
    let keepAlive = request.head.keepAlive && !response.closesConnection && !server.isDraining
    server.send(response, on: connection, answering: request.head, keepAlive: keepAlive)
    guard let stream = response.stream, request.method != .head, !response.status.forbidsBody else {
      return answered(keepAlive)
    }
    poured = 0
    watchTime()
    server.loop.spawn { [self] in await pour(stream, keepAlive) }
  }

  func answered(_ keepAlive: Bool) {
    isBusy = false
    head = nil
    server.counts.answered += 1
    if !keepAlive { close() }
    // Inside the pump the loop there goes on; a pipeline must not become a recursion.
    guard !isPumping else { return }
    watchTime()
    goOn()
  }

  func refuse(_ refusal: Refusal) {
    server.send(
      server.handler.answer(to: refusal, head: head), on: connection, answering: head, keepAlive: false)
    close()
  }

  private func upgrade(_ head: RequestHead, _ answer: UpgradeAnswer) {
    switch answer {
    case .refuse(let response):
      server.counts.answered += 1
      server.send(response, on: connection, answering: head, keepAlive: false)
      close()
    case .accept(let agreement, let limits, let begin):
      var response = Response(.switchingProtocols)
      for (name, value) in agreement.headers { response.headers.append(name, value) }
      server.send(response, on: connection, answering: head, keepAlive: true)
      let webSocket = WebSocketConnection(
        server: server, connection: connection, agreement: agreement, limits: limits, countedAs: block)
      leave(to: webSocket)
      server.upgraded(self, to: webSocket)
      webSocket.begin(begin)
    case .handOver(let begin):
      let raw = RawConnection(server: server, connection: connection, request: request(head, []), countedAs: block)
      leave(to: raw)
      server.handedOver(self, to: raw)
      raw.begin(begin)
    }
  }

  private func leave(to owner: any ConnectionHandler) {
    timer?.cancel()
    upgraded = owner
    head = nil
    connection.handOver(to: owner)
  }

  func close() {
    guard !isClosing else { return }
    isClosing = true
    backlog = []
    timer?.cancel()
    connection.closeAfterFlush(deadline: server.limits.lingerMilliseconds)
  }
}

extension HTTPConnection: ConnectionHandler {
  func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosing else { return }
    if mayRead && backlog.isEmpty { handle(bytes) } else { keep(bytes) }
  }

  func drained() {
    whenDrained?.resume()
    whenDrained = nil
    if mayRead { watchTime() }
    goOn()
  }

  func peerFinished() -> HalfClose {
    peerHasFinished = true
    clientLeft()
    return isBusy || !backlog.isEmpty ? .stayOpen : .close
  }

  func ended(_ reason: ConnectionEnd) {
    isClosing = true
    backlog = []
    timer?.cancel()
    clientLeft()
    // While somebody answers, he still holds the body.
    if !isBusy { hold = nil }
    whenDrained?.resume()
    whenDrained = nil
    server.ended(self, block: block)
  }
}
