import API
import ChatCore
import Delivery
import Dialects
import EngineServing
import HTTP1
import IORuntime
import Serving

/// The dialects of one loop: those below `/dialects/<name>` on the main port, and those with ports of their own.
///
/// - Isolation: its loop.
final class LoopDialects: @unchecked Sendable {
  static let prefix = "/dialects/"

  private let mounts: [String: DialectMount]
  private let mounted: Set<String>
  private let loop: EventLoop
  private let shared: SharedParts
  private var servers: [HTTPServer] = []

  init(
    loop: EventLoop, chat: Chat, hub: Hub, ports: DialectPorts, surroundings: any LoopPorts, shared: SharedParts,
    tally: EngineTally, peers: LoopPeers?, requests: RequestLog
  ) {
    self.loop = loop
    self.shared = shared
    let configuration = shared.configuration
    mounted = Set(configuration.dialects.mounted)
    let wanted = mounted.union(configuration.dialects.listeners.map(\.dialect))
    var mounts: [String: DialectMount] = [:]
    for dialect in DialectCatalog.all where wanted.contains(dialect.name) {
      var chat = chat
      chat.credentials = shared.credentials.living(for: dialect.credential.lifetime)
      let chosen = configuration.dialects.choices.filter { $0.dialect == dialect.name }
      let mount = Mount(
        dialect, chat: chat, cipher: shared.ids,
        chosen: Dictionary(chosen.map { ($0.option, $0.value) }, uniquingKeysWith: { $1 }), credentials: ports,
        gate: ports, crossOrigin: configuration.dialectCrossOrigin,
        isSecure: configuration.serving.certificateFile != nil, tracer: shared.tracer,
        now: EventLoop.monotonicMilliseconds, room: LoopDialects.room(of: shared, loop),
        serve: { FileAnswer.response($0, to: $1) },
        record: { requests.record($0) })
      mounts[dialect.name] = DialectMount(
        mount, loop: loop, hub: hub, ports: surroundings, shared: shared, tally: tally, peers: peers)
    }
    self.mounts = mounts
  }

  private static func room(of shared: SharedParts, _ loop: EventLoop) -> AnswerRoom {
    AnswerRoom(bytesMax: shared.configuration.intake.answerBytes) {
      shared.answerHold(of: $0, at: $1)
    } pause: { span in
      let moment = span + Milliseconds.random(in: 0...span / 4)
      await withUnsafeContinuation { continuation in loop.schedule(after: moment) { continuation.resume() } }
    }
  }

  /// The mount to which a path belongs, and the head as it sees it; nil for a path of our own.
  func find(_ head: RequestHead) -> (mount: DialectMount, head: RequestHead)? {
    guard head.path.hasPrefix(LoopDialects.prefix) else { return nil }
    let rest = head.path.dropFirst(LoopDialects.prefix.count)
    let name = String(rest.prefix { $0 != "/" })
    guard mounted.contains(name), let mount = mounts[name] else { return nil }
    var head = head
    head.path = rest.count == name.count ? "/" : String(rest.dropFirst(name.count))
    head.target = head.path + (head.query.map { "?" + $0 } ?? "")
    return (mount, head)
  }

  /// The same, with the whole request.
  func find(_ request: Request) -> (mount: DialectMount, request: Request)? {
    guard let (mount, head) = find(request.head) else { return nil }
    var request = request
    request.head = head
    return (mount, request)
  }

  // MARK: Ports of their own

  /// Serves a dialect as the root of a listener; its connections are of the same lot as those of `main`.
  func serve(_ dialect: String, at listener: Listener, beside main: HTTPServer) throws(SystemError) {
    guard let mount = mounts[dialect] else { return }
    let server = HTTPServer(
      loop: loop, limits: shared.servingLimits, proxies: shared.proxies, beside: main, handler: mount)
    servers.append(server)
    try server.serve(listener)
  }

  /// What was counted at them.
  var reports: [ServingCounts] { servers.map(\.report) }

  // MARK: Leaving

  /// Tells the sockets to go.
  func sayGoodBye(over spread: Milliseconds) {
    for mount in mounts.values { mount.sayGoodBye(over: spread) }
  }

  /// Accepts no more at the ports of their own; `finished` is called once, when nothing is open there any more.
  func drain(finished: @escaping () -> Void) {
    var left = servers.count
    guard left > 0 else { return finished() }
    for server in servers {
      server.drain {
        left -= 1
        if left == 0 { finished() }
      }
    }
  }

  /// Ends whatever is left.
  func end() {
    for server in servers { server.closeAll() }
  }
}
