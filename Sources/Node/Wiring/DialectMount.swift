import ChatCore
import Delivery
import Dialects
import EngineServing
import HTTP1
import IORuntime
import Peering
import Serving
import WebSocket

/// One dialect on one loop: its requests on API nodes, its sockets on socket nodes. Paths have lost the prefix.
///
/// As the handler of a server of its own it is the root of a port.
final class DialectMount: HTTPHandler, @unchecked Sendable {
  static let enginePath = "/socket.io/"

  let mount: Mount
  private let service: DialectService?
  private let door: DialectDoor?
  private let engine: EngineDoor?
  private let limits: MessageLimits
  private let shared: SharedParts

  init(
    _ mount: Mount, loop: EventLoop, hub: Hub, ports: any LoopPorts, shared: SharedParts, tally: EngineTally,
    peers: LoopPeers?
  ) {
    self.mount = mount
    self.shared = shared
    let (configuration, directory) = (shared.configuration, shared.engineSessions)
    limits = MessageLimits(messageBytesMax: configuration.intake.frameBytes)
    service = shared.role.servesAPI ? DialectService(mount) : nil
    let door = shared.role.servesSockets ? DialectDoor(mount, hub: hub, ports: ports, shelf: shared.roomShelf) : nil
    self.door = door
    guard let door, mount.dialect.carrier == .socketIO else {
      engine = nil
      return
    }
    var settings = configuration.engineSettings
    settings.mount = mount.dialect.name
    settings.assumesPolling = true
    settings.crossOrigin = configuration.dialectCrossOrigin
    let limits = configuration.socketIOLimits
    let engine = EngineDoor(
      loop: loop, directory: directory, settings: settings, tally: tally, peers: peers?.client
    ) { session, request in
      SocketIOClient(session, directory: directory, program: DialectSocketIO(door, request), limits: limits)
    }
    self.engine = engine
    peers?.door.mount(engine, at: peerPath)
  }

  /// Where another node finds this door, by whatever port or prefix the request came to this one.
  private var peerPath: String { LoopDialects.prefix + mount.dialect.name + DialectMount.enginePath }

  private func named(_ request: Request) -> Request {
    var request = request
    request.head.path = peerPath
    return request
  }

  // MARK: Requests

  func respond(to request: Request) async -> Response {
    if request.path == DialectMount.enginePath {
      guard let engine else { return Response(.notFound, text: "Sockets are at the socket nodes.\n") }
      return await engine.respond(to: named(request))
    }
    guard let service else { return Response(.notFound, text: "This node serves sockets only.\n") }
    return await service.respond(to: request)
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    if request.path == DialectMount.enginePath { return engine?.upgrade(named(request)) }
    guard let door, mount.dialect.carrier == .typedJSON, request.path == "/" else { return nil }
    guard mount.allowsSocket(request.head) else {
      return .refuse(Response(.forbidden, text: "Pages of this origin may not come here.\n"))
    }
    do throws(Handshake.Refusal) {
      return .accept(try Handshake.agree(request.head), limits: limits) { socket in
        DialectWebSocket.begin(socket, at: door, by: request)
      }
    } catch {
      return .refuse(Response(error))
    }
  }

  func bodyAllowance(for head: RequestHead) throws(HTTP1.Refusal) -> BodyAllowance? {
    if head.path == DialectMount.enginePath { return engine.map { BodyAllowance($0.bodyBytesMax) } }
    do {
      guard let token = try service?.uploader(head) else { return nil }
      guard let account = shared.account(of: token) else {
        throw HTTP1.Refusal(401, "invalid_token", mount.turnedAway)
      }
      return shared.fileAllowance(of: account)
    } catch {
      throw HTTP1.Refusal(401, "invalid_token", (error as? Dialects.Refusal)?.text ?? mount.turnedAway)
    }
  }

  func endsWithClient(_ head: RequestHead) -> Bool {
    head.path == DialectMount.enginePath && EngineDoor.endsWithClient(head)
  }

  func answer(to refusal: HTTP1.Refusal, head: RequestHead?) -> Response {
    if let head, let engine, head.path == DialectMount.enginePath { return engine.answer(to: refusal, head: head) }
    return mount.response(
      refusing: refusal.status.code, refusal.reason, retryAfter: refusal.retryAfterSeconds,
      origin: head?.headers["origin"])
  }

  /// Tells the sockets to go.
  func sayGoodBye(over spread: Milliseconds) { door?.drain(over: spread) }
}

extension Configuration {
  /// Whose pages may call a foreign wire, with their cookies.
  var dialectCrossOrigin: CrossOriginPolicy {
    CrossOriginPolicy(
      origins: .listed(Set(serving.origins + dialects.origins)),
      methods: [.get, .post, .put, .patch, .delete], requestHeaders: ["Authorization", "Content-Type"],
      exposedHeaders: ["Retry-After"], allowsCredentials: true)
  }
}
