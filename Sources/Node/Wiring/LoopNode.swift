import API
import ChatCore
import Delivery
import EngineServing
import HTTP1
import IORuntime
import Peering
import Realtime
import Serving
import SocketIO
import WebSocket

/// What one loop of a node serves: its own adapters, its own rooms, its own connections. Loops share nothing but
/// settings.
///
/// - Isolation: its loop, but for ``init(loop:adapters:shared:)``.
final class LoopNode: HTTPHandler, @unchecked Sendable {
  static let socketPath = "/v1/socket"
  static let filesPath = "/v1/files"
  static let subprotocol = "martlet.v1.json"

  let loop: EventLoop
  let adapters: Adapters
  private let shared: SharedParts
  private let sessionGuard: SessionGuard
  private let chat: Chat
  private let cleaner: AccountCleaner
  private let service: Service?
  private let hub: Hub
  private let door: RealtimeDoor
  private let engine: EngineDoor
  private let engineTally = EngineTally()
  /// How requests for other nodes' sessions leave and those for ours come in.
  private let peers: LoopPeers?
  private let requests: RequestLog
  private let dialects: LoopDialects
  private var server: HTTPServer?

  init(loop: EventLoop, adapters: Adapters, shared: SharedParts) {
    self.loop = loop
    self.adapters = adapters
    self.shared = shared
    let cleaner = AccountCleaner(loop: loop, logger: shared.logger)
    self.cleaner = cleaner
    chat = Chat(
      users: adapters.users, sessions: adapters.sessions, conversations: adapters.conversations,
      contacts: adapters.contacts, cleanups: adapters.cleanups, log: adapters.log, messages: adapters.messages,
      files: adapters.files, blobs: adapters.blobs, credentials: shared.credentials, publisher: adapters.broker,
      limiter: adapters.limiter,
      presence: adapters.presence, clock: SystemClock(),
      limits: shared.configuration.chatLimits, accountEnded: { cleaner.ended($0) })
    sessionGuard = SessionGuard(
      loop: loop, verifier: shared.tokens, clock: SystemClock(), sessions: adapters.sessions)
    let gate = RateGate(limiter: adapters.limiter, policies: shared.configuration.ratePolicies)
    let requests = RequestLog(logger: shared.logger)
    self.requests = requests
    let dice = Dice()
    service =
      shared.role.servesAPI
      ? Service(
        chat: chat, endpoints: shared.endpoints, authenticator: sessionGuard, gate: gate,
        crossOrigin: shared.configuration.crossOrigin, tracer: shared.tracer, now: EventLoop.monotonicMilliseconds,
        random: { dice.next() }, record: { requests.record($0) })
      : nil
    let surroundings = LoopSurroundings(loop: loop, dice: dice)
    hub = Hub(
      ports: surroundings, broker: adapters.broker, log: adapters.log, conversations: adapters.conversations,
      contacts: adapters.contacts, signIns: adapters.sessions, presence: adapters.presence,
      limits: shared.configuration.deliveryLimits)
    let crowds = chat.crowds
    hub.memberLeft = { [surroundings] user, id in
      surroundings.spawn { await crowds.forgetWriter(user, in: id) }
    }
    if shared.loops > 1 { hub.share(shared.headRound) { loop.execute($0) } }
    door = RealtimeDoor(
      hub: hub, chat: chat, verifier: sessionGuard, gate: OperationBuckets(gate: gate), ports: surroundings,
      limits: shared.configuration.realtimeLimits, shelf: shared.recoveryShelf, tracer: shared.tracer,
      record: { requests.record($0) }, left: { requests.record($0) })
    if let parts = shared.privateDoor, let nodes = adapters.nodes {
      peers = LoopPeers(
        loop: loop, parts: parts, nodes: nodes, limits: shared.servingLimits)
    } else {
      peers = nil
    }
    engine = LoopNode.engineDoor(loop, door, shared, engineTally, peers?.client)
    peers?.door.mount(engine, at: SocketIOTransport.path)
    let exact = SessionGuard(
      loop: loop, verifier: shared.tokens, clock: SystemClock(), sessions: adapters.sessions, trust: 0)
    dialects = LoopDialects(
      loop: loop, chat: chat, hub: hub, ports: DialectPorts(sessionGuard: exact, gate: gate),
      surroundings: surroundings, shared: shared, tally: engineTally, peers: peers, requests: requests)
  }

  private static func engineDoor(
    _ loop: EventLoop, _ door: RealtimeDoor, _ shared: SharedParts, _ tally: EngineTally, _ peers: (any EnginePeers)?
  ) -> EngineDoor {
    let (directory, configuration) = (shared.engineSessions, shared.configuration)
    let limits = configuration.socketIOLimits
    return EngineDoor(
      loop: loop, directory: directory, settings: configuration.engineSettings, tally: tally, peers: peers
    ) { session, request in
      let trace = TraceParent(request.headers["traceparent"])
      let transport = SocketIOTransport(door: door, trace: trace)
      return SocketIOClient(session, directory: directory, program: transport, limits: limits)
    }
  }

  /// Begins to serve what comes to the listener, to the private one and to those of dialects.
  func start(
    _ listener: Listener, _ privateListener: Listener?, dialects listeners: [(String, Listener)]
  ) throws(SystemError) {
    adapters.start()
    hub.start()
    cleaner.start(chat)
    let server = HTTPServer(
      loop: loop, limits: shared.servingLimits, proxies: shared.proxies, handler: self)
    self.server = server
    try server.serve(listener)
    for (dialect, listener) in listeners { try dialects.serve(dialect, at: listener, beside: server) }
    if let privateListener { try peers?.start(privateListener) }
  }

  // MARK: Requests

  func respond(to request: Request) async -> Response {
    if let answer = await shared.probes(isOperators: false).answer(request.path) { return answer }
    if isEngine(request.head) { return await engine.respond(to: request) }
    if let (mount, request) = dialects.find(request) { return await mount.respond(to: request) }
    let isSocketPath = shared.role.servesSockets && request.path == LoopNode.socketPath
    if let service, !isSocketPath { return await service.respond(to: request) }
    return requests.refuse(request, isSocketPath: isSocketPath, shared.configuration.crossOrigin)
  }

  private func isEngine(_ head: RequestHead) -> Bool {
    shared.role.servesSockets && head.path == SocketIOTransport.path
  }

  func endsWithClient(_ head: RequestHead) -> Bool {
    if let (mount, head) = dialects.find(head) { return mount.endsWithClient(head) }
    return isEngine(head) && EngineDoor.endsWithClient(head)
  }

  /// Files are longer than other bodies, and room for them is only for who is known; whether his session still lives
  /// is asked when the body is there.
  func bodyAllowance(for head: RequestHead) throws(Refusal) -> BodyAllowance? {
    if let (mount, head) = dialects.find(head) { return try mount.bodyAllowance(for: head) }
    if isEngine(head) { return BodyAllowance(engine.bodyBytesMax) }
    guard shared.role.servesAPI, head.method == .post, head.path == LoopNode.filesPath else { return nil }
    guard let token = try? BearerToken.of(head.headers), let account = shared.account(of: token) else {
      throw Refusal(401, "invalid_token", "A file is taken from who has signed in: send a valid token.")
    }
    return shared.fileAllowance(of: account)
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    if isEngine(request.head) { return engine.upgrade(request) }
    if let (mount, request) = dialects.find(request) { return mount.upgrade(request) }
    guard shared.role.servesSockets, request.path == LoopNode.socketPath else { return nil }
    let offer = Handshake.Offer(
      subprotocols: [LoopNode.subprotocol], compression: shared.configuration.intake.deflate ? CompressionOffer() : nil)
    do throws(Handshake.Refusal) {
      let agreement = try Handshake.agree(request.head, offer: offer)
      let limits = MessageLimits(messageBytesMax: shared.configuration.realtimeLimits.frameBytesMax)
      return .accept(agreement, limits: limits, begin: begin(request))
    } catch {
      var response = answer(to: Refusal(error), head: request.head)
      response.add(error)
      return .refuse(response)
    }
  }

  func answer(to refusal: Refusal, head: RequestHead?) -> Response {
    if let head, let (mount, head) = dialects.find(head) { return mount.answer(to: refusal, head: head) }
    if let head, isEngine(head) { return engine.answer(to: refusal, head: head) }
    return Response(problem: refusal, head: head, crossOrigin: shared.configuration.crossOrigin)
  }

  private func begin(_ request: Request) -> (WebSocketConnection) -> any WebSocketHandler {
    { [door, shared] socket in
      guard shared.configuration.crossOrigin.allowsSocket(request.head) else {
        socket.close(WebSocket.CloseCode(rawValue: Realtime.CloseCode.originRefused.rawValue), reason: "origin_refused")
        return RefusedOrigin()
      }
      let token = (try? BearerToken.of(request.headers)).flatMap { $0 }
      let trace = TraceParent(request.headers["traceparent"])
      return door.open(socket, token: token, trace: trace)
    }
  }

  // MARK: Leaving

  /// Tells the sockets to go, each at its own time within `spread`.
  func sayGoodBye(over spread: Milliseconds) {
    door.drain(over: spread)
    dialects.sayGoodBye(over: spread)
    peers?.sayGoodBye(over: spread)
  }

  /// Accepts no more and finishes what is under way. Clients that poll need requests to be told to go: while there are
  /// some, and for so long, more is accepted.
  func drain(pollersWithin spread: Milliseconds, finished: @escaping () -> Void) {
    leave(until: loop.now + spread, finished)
  }

  private func leave(until end: Milliseconds, _ finished: @escaping () -> Void) {
    guard let server else { return finished() }
    guard engineTally.counts.polling > 0, loop.now < end else {
      return server.drain { [dialects, peers] in
        dialects.drain { if let peers { peers.drain(finished: finished) } else { finished() } }
      }
    }
    loop.schedule(after: 20) { [weak self] in self?.leave(until: end, finished) }
  }

  /// Ends whatever is left.
  func end() {
    server?.closeAll()
    dialects.end()
    peers?.end()
    hub.stop()
    cleaner.stop()
    adapters.close()
  }

  // MARK: Counting

  var report: LoopReport {
    var serving = server?.report ?? ServingCounts()
    for other in dialects.reports { serving.add(other) }
    return LoopReport(
      serving: serving, requests: requests.counts, delivery: hub.report,
      realtime: door.report, engine: engineTally.counts, peers: peers?.report, adapters: adapters.report(),
      vitals: Vitals(loop))
  }
}
