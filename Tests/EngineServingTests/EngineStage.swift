import Client
import EngineIO
import EngineServing
import HTTP1
import IORuntime
import JSONText
import Serving
import Synchronization

/// Two loops that serve the same doors on ports of their own, over one directory of sessions.
final class EngineStage: Sendable {
  let directory = EngineDirectory()
  let loops: [EventLoop]
  let addresses: [SocketAddress]
  let tallies: [EngineTally]
  private let servers: [HTTPServer]
  private let opened: Opened

  /// Doors by their paths.
  init(_ mounts: [String: EngineDoorSettings]) async throws {
    let opened = Opened()
    let directory = directory
    var (loops, addresses, tallies, servers): ([EventLoop], [SocketAddress], [EngineTally], [HTTPServer]) =
      ([], [], [], [])
    for _ in 0..<2 {
      let (loop, tally) = (try EventLoop(name: "engine-test"), EngineTally())
      let doors = mounts.mapValues { settings in
        EngineDoor(loop: loop, directory: directory, settings: settings, tally: tally) { session, _ in
          Listener(session, opened)
        }
      }
      let listener = try IORuntime.Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let server = HTTPServer(loop: loop, limits: ServingLimits(), handler: Handler(doors))
      try loop.start()
      try await loop.submit { try server.serve(listener) }
      loops.append(loop)
      addresses.append(listener.address)
      tallies.append(tally)
      servers.append(server)
    }
    (self.loops, self.addresses, self.tallies, self.servers) = (loops, addresses, tallies, servers)
    self.opened = opened
  }

  deinit { for loop in loops { loop.stop() } }

  /// The sessions that were opened, in that order.
  var sessions: [EngineSession] { opened.sessions.withLock { $0 } }

  /// The counts of a loop.
  func counts(_ number: Int) async throws -> EngineCounts {
    let tally = tallies[number]
    return try await loops[number].submit { tally.counts }
  }

  private final class Opened: Sendable {
    let sessions = Mutex<[EngineSession]>([])
  }

  /// Echoes what comes.
  private final class Listener: EngineListener {
    private let session: EngineSession

    init(_ session: EngineSession, _ opened: Opened) {
      self.session = session
      opened.sessions.withLock { $0.append(session) }
    }

    func received(text: [UInt8]) { session.send(text: text) }
    func received(binary: [UInt8]) { session.send(binary: binary) }
    func closed(_ end: EngineEnd) {}
  }

  private final class Handler: HTTPHandler {
    let doors: [String: EngineDoor]

    init(_ doors: [String: EngineDoor]) { self.doors = doors }

    func respond(to request: Request) async -> Response {
      await doors[request.path]?.respond(to: request) ?? Response(.notFound)
    }

    func upgrade(_ request: Request) -> UpgradeAnswer? { doors[request.path]?.upgrade(request) }

    func endsWithClient(_ head: RequestHead) -> Bool { EngineDoor.endsWithClient(head) }
  }
}

/// A client that polls; on the loop of the test.
struct PollingClient {
  let http: HTTPClient
  let path: String

  init(_ loop: EventLoop, _ address: SocketAddress, path: String = "/a/") {
    http = HTTPClient(loop: loop, address: address)
    self.path = path
  }

  func get(_ query: String, headers: HeaderFields = [:]) async throws -> (status: Int, body: String, reply: Reply) {
    let reply = try await http.call(.get, "\(path)?EIO=4\(query)", headers: headers, deadline: 20_000)
    return (reply.status, String(decoding: reply.body, as: UTF8.self), reply)
  }

  /// Opens a session and gives its id.
  func open() async throws -> String {
    let (_, body, _) = try await get("&transport=polling")
    return (try JSONValue(parsing: String(body.dropFirst())))["sid"]?.string ?? ""
  }

  func post(_ sid: String, _ body: String) async throws -> String {
    let reply = try await http.call(
      .post, "\(path)?EIO=4&transport=polling&sid=\(sid)", body: Array(body.utf8), deadline: 20_000)
    return String(decoding: reply.body, as: UTF8.self)
  }

  func poll(_ sid: String) async throws -> String { try await get("&transport=polling&sid=\(sid)").body }
}
