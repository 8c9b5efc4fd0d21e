import EngineServing
import HTTP1
import IORuntime
import Serving
import WebSocket

/// The routes of one loop.
final class Fixture: HTTPHandler {
  private let engine: EngineDoor
  private let socket: EngineDoor
  private let tokens: TokenRoute

  /// Connections of one loop from one address: 10,000, since all clients of a test have the same.
  private static let connectionsMax = 10_000
  /// Bytes of a body that is sent back: 16 MiB, as of a message.
  private static let echoBytesMax = 16 << 20

  init(loop: EventLoop, shared: Shared) {
    engine = EngineDoor(loop: loop, directory: shared.engineSessions, settings: shared.engineSettings) { session, _ in
      EngineEcho(session)
    }
    let limits = shared.socketLimits
    let directory = shared.socketSessions
    socket = EngineDoor(loop: loop, directory: directory, settings: shared.socketSettings) { session, _ in
      SocketIOClient(session, directory: directory, program: SocketEcho(), limits: limits)
    }
    tokens = TokenRoute(shared.verifiers)
  }

  static var servingLimits: ServingLimits {
    var limits = ServingLimits()
    limits.connectionsMax = connectionsMax
    limits.connectionsPerAddressMax = connectionsMax
    limits.request.bodyBytesMax = echoBytesMax
    return limits
  }

  /// A send queue that holds what a client asks to be sent back before it reads.
  static var listening: ListenerOptions {
    var options = ListenerOptions()
    options.connection.queueMax = 512 << 20
    return options
  }

  private func door(_ path: String) -> EngineDoor? {
    switch path {
    case "/engine.io/": engine
    case "/socket.io/": socket
    default: nil
    }
  }

  func bodyAllowance(for head: RequestHead) -> BodyAllowance? {
    door(head.path).map { BodyAllowance($0.bodyBytesMax) }
  }

  func endsWithClient(_ head: RequestHead) -> Bool { door(head.path) != nil && EngineDoor.endsWithClient(head) }

  func answer(to refusal: Refusal, head: RequestHead?) -> Response {
    head.flatMap { door($0.path) }?.answer(to: refusal, head: head) ?? Response(refusal)
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    if request.path == "/ws-echo" { return WebSocketEcho.answer(request) }
    return door(request.path)?.upgrade(request)
  }

  func respond(to request: Request) async -> Response {
    if let door = door(request.path) { return await door.respond(to: request) }
    switch request.path {
    case "/ws-echo": return Response(.upgradeRequired, headers: ["Upgrade": "websocket"])
    case "/jwt/me": return tokens.respond(to: request)
    case let path where path == "/" || path == "/http" || path.hasPrefix("/http/"):
      return PlainRoute.respond(to: request)
    default: return Response(.notFound, text: "Nothing is here.\n")
    }
  }
}
