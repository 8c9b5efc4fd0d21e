import API
import ChatCore
import Delivery
import HTTP1
import IORuntime
import Realtime
import Serving
import WebSocket

/// What one loop of a node serves: its own adapters, its own rooms, its own connections. Loops share nothing but
/// settings.
///
/// - Isolation: its loop, but for ``init(loop:adapters:shared:)``.
final class LoopNode: HTTPHandler, @unchecked Sendable {
  static let socketPath = "/v1/socket"
  static let subprotocol = "martlet.v1.json"

  let loop: EventLoop
  let adapters: Adapters
  private let shared: SharedParts
  private let sessionGuard: SessionGuard
  private let chat: Chat
  private let service: Service?
  private let hub: Hub
  private let door: RealtimeDoor
  private let requests: RequestLog
  private var server: HTTPServer?

  init(loop: EventLoop, adapters: Adapters, shared: SharedParts) {
    self.loop = loop
    self.adapters = adapters
    self.shared = shared
    chat = Chat(
      users: adapters.users, sessions: adapters.sessions, conversations: adapters.conversations, log: adapters.log,
      credentials: shared.credentials, publisher: adapters.broker, presence: adapters.presence, clock: SystemClock(),
      limits: shared.configuration.shared.limits)
    sessionGuard = SessionGuard(
      loop: loop, verifier: shared.tokens, clock: SystemClock(), sessions: adapters.sessions)
    let gate = RateGate(limiter: adapters.limiter, policies: shared.configuration.ratePolicies)
    let requests = RequestLog(logger: shared.logger)
    self.requests = requests
    service =
      shared.role.servesAPI
      ? Service(
        chat: chat, endpoints: shared.endpoints, authenticator: sessionGuard, gate: gate,
        crossOrigin: shared.configuration.crossOrigin, now: EventLoop.monotonicMilliseconds,
        record: { requests.record($0) })
      : nil
    let surroundings = LoopSurroundings(loop: loop)
    hub = Hub(
      ports: surroundings, broker: adapters.broker, log: adapters.log, conversations: adapters.conversations,
      signIns: adapters.sessions, presence: adapters.presence, limits: shared.configuration.deliveryLimits)
    door = RealtimeDoor(
      hub: hub, chat: chat, verifier: sessionGuard, gate: OperationBuckets(gate: gate), ports: surroundings,
      limits: shared.configuration.realtimeLimits, record: { requests.record($0) })
  }

  /// Begins to serve what comes to the listener.
  func start(_ listener: Listener) throws(SystemError) {
    adapters.start()
    hub.start()
    let server = HTTPServer(
      loop: loop, limits: shared.configuration.servingLimits(loops: shared.loops), proxies: shared.proxies,
      handler: self)
    self.server = server
    try server.serve(listener)
  }

  // MARK: Requests

  func respond(to request: Request) async -> Response {
    switch request.path {
    case Probes.health: return Probes.healthy()
    case Probes.readiness: return Probes.ready(shared.readiness.isReady)
    case Probes.metrics: return Probes.metrics(await shared.metrics.text())
    default: break
    }
    let isSocketPath = shared.role.servesSockets && request.path == LoopNode.socketPath
    if let service, !isSocketPath { return await service.respond(to: request) }
    return requests.refuse(request, isSocketPath: isSocketPath, shared.configuration.crossOrigin)
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    guard shared.role.servesSockets, request.path == LoopNode.socketPath else { return nil }
    let offer = Handshake.Offer(
      subprotocols: [LoopNode.subprotocol], compression: shared.configuration.intake.deflate ? CompressionOffer() : nil)
    do throws(Handshake.Refusal) {
      let agreement = try Handshake.agree(request.head, offer: offer)
      let limits = MessageLimits(messageBytesMax: shared.configuration.realtimeLimits.frameBytesMax)
      return .accept(agreement, limits: limits, begin: begin(compressing: agreement.compression != nil))
    } catch {
      var response = answer(to: Refusal(error), head: request.head)
      response.add(error)
      return .refuse(response)
    }
  }

  func answer(to refusal: Refusal, head: RequestHead?) -> Response {
    Response(problem: refusal, head: head, crossOrigin: shared.configuration.crossOrigin)
  }

  private func begin(compressing: Bool) -> (WebSocketConnection) -> any WebSocketHandler {
    { [door, shared] socket in
      if let origin = socket.request.headers["origin"], !shared.configuration.crossOrigin.allows(origin) {
        socket.close(WebSocket.CloseCode(rawValue: Realtime.CloseCode.originRefused.rawValue), reason: "origin_refused")
        return RefusedOrigin()
      }
      let token = (try? BearerToken.of(socket.request.headers)).flatMap { $0 }
      return SocketTransport.begin(socket, at: door, token: token, compresses: compressing)
    }
  }

  // MARK: Leaving

  /// Tells the sockets to go, each at its own time within `spread`.
  func sayGoodBye(over spread: Milliseconds) { door.drain(over: spread) }

  /// Accepts no more and finishes what is under way.
  func drain(finished: @escaping () -> Void) {
    guard let server else { return finished() }
    server.drain(finished: finished)
  }

  /// Ends whatever is left.
  func end() {
    server?.closeAll()
    hub.stop()
    adapters.close()
  }

  // MARK: Counting

  var report: LoopReport {
    LoopReport(
      serving: server?.report ?? ServingCounts(), requests: requests.counts, delivery: hub.report,
      realtime: door.report, adapters: adapters.report(), vitals: Vitals(loop))
  }
}
