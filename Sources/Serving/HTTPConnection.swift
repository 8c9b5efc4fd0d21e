import HTTP1
import IORuntime
import WebSocket

/// One connection of HTTP: requests one after the other, each answered before the next is read.
///
/// - Isolation: its server's loop.
final class HTTPConnection: @unchecked Sendable {
  private let server: HTTPServer
  private let connection: Connection
  private let address: String
  /// What the limit of connections counts it as; nil for a proxy.
  private let block: String?
  private var assembler: RequestAssembler
  /// Of the request that is read or answered.
  private var head: RequestHead?
  /// What came while a request was answered.
  private var backlog: [UInt8] = []
  private var isBusy = false
  private var isPumping = false
  private var isReadingPaused = false
  private var isClosing = false
  private var peerHasFinished = false
  /// Who has the connection when it is HTTP no more.
  private var upgraded: (any ConnectionHandler)?
  private var clock: RequestClock
  private var timer: LoopTimer?
  private var timerAt = Int64.max
  /// What answers a request whose answer is for a client that still waits.
  private var answering: Task<Void, Never>?
  private var started: UInt32 = 0

  init(server: HTTPServer, connection: Connection, address: String, countedAs block: String?) {
    self.server = server
    self.connection = connection
    self.address = address
    self.block = block
    assembler = RequestAssembler(limits: server.limits.request)
    clock = RequestClock(now: server.loop.now)
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
    let limit = server.handler.bodyBytesMax(for: head) ?? server.limits.request.bodyBytesMax
    if let refusal = assembler.limitBody(to: limit) {
      server.counts.refused[refusal.code, default: 0] += 1
      return refuse(refusal)
    }
    if head.expectsContinue { connection.send(Response.continueBytes) }
  }

  private func request(_ head: RequestHead, _ body: [UInt8]) -> Request {
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
    let waiting = backlog
    backlog = []
    waiting.withUnsafeBytes { handle($0) }
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
    isBusy = true
    clock.enter(.answer, now: server.loop.now)
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
    guard isBusy, !isClosing else { return }
    isBusy = false
    answering = nil
    head = nil
    server.counts.answered += 1
    let keepAlive = request.head.keepAlive && !response.closesConnection && !server.isDraining
    server.send(response, on: connection, answering: request.head, keepAlive: keepAlive)
    if !keepAlive { close() }
    // Inside the pump the loop there goes on; a pipeline must not become a recursion.
    guard !isPumping else { return }
    watchTime()
    goOn()
  }

  private func refuse(_ refusal: Refusal) {
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
        server: server, connection: connection, request: request(head, []), agreement: agreement, limits: limits,
        countedAs: block)
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

  private func close() {
    guard !isClosing else { return }
    isClosing = true
    backlog = []
    timer?.cancel()
    connection.closeAfterFlush(deadline: server.limits.lingerMilliseconds)
  }

  // MARK: Time

  private var phase: RequestClock.Phase {
    if isBusy { return .answer }
    if head != nil { return .body }
    return assembler.isIdle ? .idle : .header
  }

  private func watchTime() {
    guard !isClosing else { return }
    clock.enter(phase, now: server.loop.now)
    arm()
  }

  /// One timer a connection: set anew only when the deadline comes nearer; one that fires too early is set again.
  private func arm() {
    let deadline = clock.deadline(server.limits, bodyBytes: assembler.bodyBytes)
    guard timer == nil || deadline < timerAt else { return }
    timer?.cancel()
    timerAt = deadline
    timer = server.loop.schedule(after: deadline - server.loop.now) { [weak self] in self?.timePassed() }
  }

  private func timePassed() {
    timer = nil
    guard !isClosing, upgraded == nil else { return }
    guard clock.deadline(server.limits, bodyBytes: assembler.bodyBytes) <= server.loop.now else { return arm() }
    server.counts.timedOut[clock.phase.name, default: 0] += 1
    switch clock.phase {
    case .idle: connection.queuedBytes > 0 ? connection.close() : close()
    case .header, .body: refuse(.requestTimeout)
    case .answer: refuse(.answerTimeout)
    }
  }
}

extension HTTPConnection: ConnectionHandler {
  func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosing else { return }
    if mayRead && backlog.isEmpty { handle(bytes) } else { keep(bytes) }
  }

  func drained() { goOn() }

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
    server.ended(self, block: block)
  }
}
