import HTTP1
import IORuntime
import Serving
import WebSocket

/// A peer as `benchmarks/README.md` asks for: rooms of text frames; and, on demand, one that does it badly.
final class PlainPeer: Sendable {
  /// What it does to every tenth frame for every listener.
  enum Fault: Sendable {
    case none, drops, repeats, swaps
  }

  private let loop: EventLoop
  private let server: HTTPServer
  let address: SocketAddress

  init(_ fault: Fault = .none) async throws {
    let loop = try EventLoop(name: "peer")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    let server = HTTPServer(loop: loop, handler: Rooms(fault))
    (self.loop, self.server, address) = (loop, server, listener.address)
    try loop.start()
    try await loop.submit { try server.serve(listener) }
  }

  deinit { loop.stop() }

  private final class Rooms: HTTPHandler, @unchecked Sendable {
    let fault: Fault
    var listeners: [String: [ObjectIdentifier: Listening]] = [:]

    init(_ fault: Fault) { self.fault = fault }

    func respond(to request: Request) async -> Response { Response(.notFound) }

    func upgrade(_ request: Request) -> UpgradeAnswer? {
      let agreement = try? Handshake.agree(
        method: "GET", isHTTP11: true, hasBody: false, offer: Handshake.Offer(),
        values: { request.head.headers.values(for: $0) })
      guard let agreement else { return .refuse(Response(.badRequest)) }
      return .accept(agreement, limits: MessageLimits()) { Listening(self, $0) }
    }
  }

  private final class Listening: WebSocketHandler {
    private let rooms: Rooms
    private let socket: WebSocketConnection
    private var room: String?
    private var count = 0
    private var held: [UInt8]?

    init(_ rooms: Rooms, _ socket: WebSocketConnection) { (self.rooms, self.socket) = (rooms, socket) }

    func received(text: Span<UInt8>) {
      let bytes = text.withUnsafeBufferPointer { Array($0) }
      if let room { return rooms.listeners[room]?.values.forEach { $0.hear(bytes) } ?? () }
      let name = String(decoding: bytes, as: UTF8.self)
      guard name.hasPrefix("join ") else { return socket.close(.policyViolation) }
      room = name
      rooms.listeners[name, default: [:]][ObjectIdentifier(self)] = self
    }

    private func hear(_ frame: [UInt8]) {
      count += 1
      let isTenth = count % 10 == 0
      switch rooms.fault {
      case .none: socket.send(text: frame)
      case .drops: if !isTenth { socket.send(text: frame) }
      case .repeats:
        socket.send(text: frame)
        if isTenth { socket.send(text: frame) }
      case .swaps:
        if isTenth { return held = frame }
        socket.send(text: frame)
        if let late = held { socket.send(text: late) }
        held = nil
      }
    }

    func received(binary: Span<UInt8>) {}

    func closed(_ end: WebSocketEnd) {
      if let room { rooms.listeners[room]?[ObjectIdentifier(self)] = nil }
    }
  }
}
