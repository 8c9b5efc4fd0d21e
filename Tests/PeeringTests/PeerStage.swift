import Client
import EngineIO
import EngineServing
import HTTP1
import IORuntime
import Serving
import Synchronization

@testable import Peering

/// Nodes in one process, each on a loop of its own with a public and a private listener, that know each other.
final class PeerStage: Sendable {
  static let path = "/dialects/x/socket.io/"

  let seal = PeerSeal(secret: PeerSealTests.secret)
  let nodes: [StageNode]
  private let listed = Mutex<[PeerNode]>([])
  private let reads = Mutex(0)

  /// How often the list has been read.
  var listReads: Int { reads.withLock { $0 } }

  init(
    _ names: [String] = ["a", "b"], limits: PeerLimits = PeerLimits(), engine: EngineLimits = EngineLimits(),
    serving: ServingLimits = ServingLimits()
  ) async throws {
    var nodes: [StageNode] = []
    for name in names { nodes.append(try StageNode(name, seal, engine, serving)) }
    self.nodes = nodes
    listed.withLock { $0 = nodes.map { $0.entry(seal) } }
    for node in nodes {
      try await node.start(limits: limits, seal: seal) { [weak self] in self?.list() }
    }
  }

  deinit { for node in nodes { node.loop.stop() } }

  /// Says that a node is somewhere else.
  func list(_ name: String, at address: SocketAddress) {
    listed.withLock { listed in
      listed.removeAll { $0.name == name }
      let text = address.description
      PeerNode(node: name, address: text, proof: seal.proof(of: name, at: text), seal: seal).map { listed.append($0) }
    }
  }

  /// The list has lost everybody.
  func emptyList() { listed.withLock { $0 = [] } }

  private func list() -> [PeerNode] {
    reads.withLock { $0 += 1 }
    return listed.withLock { $0 }
  }
}

/// One node: what a session is sent it sends back.
final class StageNode: HTTPHandler, @unchecked Sendable {
  let name: String
  let loop: EventLoop
  let directory: EngineDirectory
  let address: SocketAddress
  let privateAddress: SocketAddress
  private let listeners: [Listener]
  private let engine: EngineLimits
  private let serving: ServingLimits
  private var servers: [HTTPServer] = []
  private(set) var client: PeerClient?
  private(set) var inner: PeerDoor?
  private var door: EngineDoor?
  private let ended = Mutex<[EngineEnd]>([])

  /// How its sessions have ended.
  var ends: [EngineEnd] { ended.withLock { $0 } }

  init(_ name: String, _ seal: PeerSeal, _ engine: EngineLimits, _ serving: ServingLimits) throws {
    self.name = name
    self.engine = engine
    self.serving = serving
    loop = try EventLoop(name: name)
    directory = EngineDirectory(node: name)
    let (outer, inner) = (try StageNode.listener(loop), try StageNode.listener(loop))
    listeners = [outer, inner]
    address = outer.address
    privateAddress = inner.address
  }

  private static func listener(_ loop: EventLoop) throws -> Listener {
    try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
  }

  func entry(_ seal: PeerSeal) -> PeerNode {
    let text = privateAddress.description
    let node = PeerNode(node: name, address: text, proof: seal.proof(of: name, at: text), seal: seal)
    guard let node else { fatalError("a stage's own node is genuine") }
    return node
  }

  func start(limits: PeerLimits, seal: PeerSeal, list: @escaping @Sendable () -> [PeerNode]?) async throws {
    try loop.start()
    let client = PeerClient(
      loop: loop, node: name, seal: seal, limits: limits, clock: EventLoop.monotonicMilliseconds
    ) { list() }
    let inner = PeerDoor(
      gate: PeerGate(seal: seal, node: name, limits: limits, clock: EventLoop.monotonicMilliseconds))
    let settings = EngineDoorSettings(
      limits: engine, crossOrigin: CrossOriginPolicy(origins: .listed(["https://chat.example"])))
    let door = EngineDoor(loop: loop, directory: directory, settings: settings, peers: client) {
      [weak self] session, _ in
      SessionEcho(session) { end in self?.ended.withLock { $0.append(end) } }
    }
    inner.mount(door, at: PeerStage.path)
    self.client = client
    self.inner = inner
    self.door = door
    try await loop.submit { [self] in
      servers = [self as any HTTPHandler, inner].map { HTTPServer(loop: loop, limits: serving, handler: $0) }
      for (server, listener) in zip(servers, listeners) { try server.serve(listener) }
    }
  }

  /// What it has passed on and taken; asked on its loop.
  func counts() async throws -> PeerCounts {
    try await loop.submit { [self] in
      var counts = client?.report ?? PeerCounts()
      counts.admitted = inner?.report.admitted ?? 0
      counts.refused = inner?.report.refused ?? [:]
      return counts
    }
  }

  /// Ends every connection and listens no more, as a node that is killed.
  func die() async throws {
    try await loop.submit { [self] in
      for listener in listeners { listener.close() }
      for server in servers { server.closeAll() }
    }
  }

  func respond(to request: Request) async -> Response {
    guard let door, request.path == PeerStage.path else { return Response(.notFound) }
    return await door.respond(to: request)
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? { request.path == PeerStage.path ? door?.upgrade(request) : nil }

  func endsWithClient(_ head: RequestHead) -> Bool { EngineDoor.endsWithClient(head) }
  func bodyAllowance(for head: RequestHead) -> BodyAllowance? { door.map { BodyAllowance($0.bodyBytesMax) } }
}

/// Sends each message back; "bye" closes.
final class SessionEcho: EngineListener {
  private let session: EngineSession
  private let whenClosed: (EngineEnd) -> Void

  init(_ session: EngineSession, whenClosed: @escaping (EngineEnd) -> Void) {
    self.session = session
    self.whenClosed = whenClosed
  }

  func received(text: [UInt8]) {
    if text == Array("bye".utf8) { session.close() } else { session.send(text: text) }
  }
  func received(binary: [UInt8]) { session.send(binary: binary) }
  func closed(_ end: EngineEnd) { whenClosed(end) }
}

extension HTTPClient {
  /// A request of Engine.IO.
  func engine(
    _ sid: String?, post body: String? = nil, headers: HeaderFields = [:]
  ) async throws(CallFailure) -> (status: Int, text: String, headers: HeaderFields) {
    let target = PeerStage.path + "?EIO=4&transport=polling" + (sid.map { "&sid=\($0)" } ?? "")
    let reply = try await call(
      body == nil ? .get : .post, target, headers: headers, body: Array((body ?? "").utf8), deadline: 20_000)
    return (reply.status, String(decoding: reply.body, as: UTF8.self), reply.headers)
  }

  /// Opens a session and gives its id.
  func open() async throws -> String {
    let text = try await engine(nil).text
    guard let start = text.firstRange(of: "\"sid\":\"")?.upperBound, let end = text[start...].firstIndex(of: "\"")
    else { throw CallFailure("no session: \(text)") }
    return String(text[start..<end])
  }
}
