import IORuntime
import Synchronization

/// A byte-level proxy between a client and a server that makes the network fail on request.
///
/// It runs on a loop of its own and listens at ``address``; each connection made to it is passed to the target. What a
/// direction suffers is set from the test at any time and holds for open connections and for those to come.
public final class FaultProxy: Sendable {
  /// What happens to the bytes of one direction.
  public enum Fault: Hashable, Sendable {
    /// Passed on at once.
    case none
    /// Passed on after that many milliseconds, in order.
    case delay(milliseconds: Int64)
    /// Passed on so many bytes at a time, with a pause after each.
    case dribble(bytes: Int, everyMilliseconds: Int64)
    /// Taken and dropped: the sender believes that they arrive.
    case blackHole
    /// No longer taken: the sender's buffers fill, as with a frozen peer.
    case frozen
  }

  /// Which way bytes go.
  public enum Direction: Hashable, Sendable {
    /// From who connected to the target.
    case toServer
    /// From the target to who connected.
    case toClient
  }

  /// Where clients connect.
  public let address: SocketAddress

  private let loop: EventLoop
  private let core: ProxyCore

  /// Starts a proxy in front of a target, at a port that the system chooses.
  public init(to target: SocketAddress) throws {
    loop = try EventLoop(name: "fault-proxy")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    address = listener.address
    core = ProxyCore(loop: loop, listener: listener, target: target)
    try loop.start()
    loop.execute { [core] in core.start() }
  }

  deinit { stop() }

  /// Sets what the bytes of a direction suffer from now on; what is delayed already keeps its time.
  public func set(_ fault: Fault, _ direction: Direction) async throws {
    try await loop.submit { [core] in core.set(fault, direction) }
  }

  /// Sets both directions.
  public func set(_ fault: Fault) async throws {
    try await loop.submit { [core] in
      core.set(fault, .toServer)
      core.set(fault, .toClient)
    }
  }

  /// Closes every open connection at once, on both sides; new ones are taken.
  public func cut() async throws { try await loop.submit { [core] in core.cut() } }

  /// Closes the client's side only: the server is left with a connection whose peer is silent.
  public func halfOpen() async throws { try await loop.submit { [core] in core.dropClients() } }

  /// Refuses new connections (closed as soon as they are made), or takes them again.
  public func refuse(_ refusing: Bool) async throws { try await loop.submit { [core] in core.refusing = refusing } }

  /// Says something to all who have connected, as if the target had.
  public func say(_ bytes: [UInt8]) async throws { try await loop.submit { [core] in core.say(bytes) } }

  /// Connections that are open on both sides.
  public func openConnections() async throws -> Int { try await loop.submit { [core] in core.open } }

  /// Ends the proxy and everything that goes through it.
  public func stop() {
    loop.stop()
    loop.join()
  }
}

/// The proxy's insides, on its loop.
private final class ProxyCore: @unchecked Sendable {
  private let loop: EventLoop
  private let listener: Listener
  private var links: [ObjectIdentifier: ProxyLink] = [:]
  private var faults: [FaultProxy.Direction: FaultProxy.Fault] = [:]
  private let target: SocketAddress
  var refusing = false

  init(loop: EventLoop, listener: Listener, target: SocketAddress) {
    self.loop = loop
    self.listener = listener
    self.target = target
  }

  var open: Int { links.values.count { $0.isOpen } }

  func start() {
    try? listener.start { [weak self] client in self?.accept(client) }
  }

  func set(_ fault: FaultProxy.Fault, _ direction: FaultProxy.Direction) {
    faults[direction] = fault
    for link in links.values { link.set(fault, direction) }
  }

  func cut() {
    for link in links.values { link.close() }
  }

  func say(_ bytes: [UInt8]) {
    for link in links.values { link.say(bytes) }
  }

  func dropClients() {
    for link in links.values { link.dropClient() }
  }

  private func accept(_ client: Connection) {
    guard !refusing else { return }
    let link = ProxyLink(client: client) { [weak self] in self?.links[$0] = nil }
    for (direction, fault) in faults { link.set(fault, direction) }
    links[ObjectIdentifier(link)] = link
    loop.connect(to: target, deadline: 5_000) { result in
      switch result {
      case .success(let server): link.attach(server)
      case .failure: link.close()
      }
    }
  }
}

/// One connection through the proxy.
private final class ProxyLink {
  private let toServer: ProxyPipe
  private let toClient: ProxyPipe
  private var over: ((ObjectIdentifier) -> Void)?
  private var clientKept = true

  init(client: Connection, over: @escaping (ObjectIdentifier) -> Void) {
    self.over = over
    toServer = ProxyPipe(from: client)
    toClient = ProxyPipe(from: nil)
    toClient.target = client
    toServer.link = self
    toClient.link = self
    toServer.begin()
  }

  var isOpen: Bool { toServer.source?.isOpen == true && toClient.source?.isOpen == true }

  func attach(_ server: Connection) {
    guard over != nil else { return }
    toClient.source = server
    toClient.begin()
    toServer.connected(to: server)
  }

  func set(_ fault: FaultProxy.Fault, _ direction: FaultProxy.Direction) {
    (direction == .toServer ? toServer : toClient).set(fault)
  }

  func say(_ bytes: [UInt8]) { toServer.source?.send(bytes) }

  func dropClient() {
    clientKept = false
    toServer.source?.close()
  }

  func close() {
    toServer.source?.close()
    toClient.source?.close()
    over?(ObjectIdentifier(self))
    over = nil
  }

  /// A side has taken what waited for it: the pipe towards it goes on.
  func relieved(_ pipe: ProxyPipe) { (pipe === toServer ? toClient : toServer).goOn() }

  func ended(_ pipe: ProxyPipe) {
    if pipe === toServer, !clientKept { return }
    close()
  }
}

/// One direction of a link.
private final class ProxyPipe: ConnectionHandler {
  weak var link: ProxyLink?
  var source: Connection?
  var target: Connection?
  private var fault = FaultProxy.Fault.none
  private var waiting: [(due: Int64, bytes: [UInt8])] = []
  private var timer: LoopTimer?
  private var finished = false

  init(from source: Connection?) { self.source = source }

  func begin() {
    source?.begin(with: self)
    set(fault)
  }

  func connected(to target: Connection) {
    self.target = target
    pump()
  }

  func set(_ fault: FaultProxy.Fault) {
    self.fault = fault
    goOn()
    timer?.cancel()
    pump()
  }

  func goOn() {
    if fault == .frozen || target?.isCongested == true { source?.pauseReading() } else { source?.resumeReading() }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard let source, fault != .blackHole else { return }
    var due = source.loop.now
    if case .delay(let milliseconds) = fault { due += milliseconds }
    waiting.append((due, Array(bytes)))
    if !isWaiting { pump() }
    if target?.isCongested == true { source.pauseReading() }
  }

  func drained() { link?.relieved(self) }

  func peerFinished() -> HalfClose {
    finished = true
    if !isWaiting { pump() }
    return .stayOpen
  }

  func ended(_ reason: ConnectionEnd) {
    timer?.cancel()
    link?.ended(self)
  }

  private var isWaiting: Bool { timer?.isPending == true }

  private func pump() {
    guard let target, let loop = source?.loop else { return }
    while !waiting.isEmpty {
      let first = waiting[0]
      let early = first.due - loop.now
      if early > 0 { return pump(after: early) }
      if case .dribble(let size, let pause) = fault {
        target.send(Array(first.bytes.prefix(max(1, size))))
        waiting[0].bytes.removeFirst(min(max(1, size), first.bytes.count))
        if waiting[0].bytes.isEmpty { waiting.removeFirst() }
        return pump(after: pause)
      }
      target.send(first.bytes)
      waiting.removeFirst()
    }
    if finished { target.shutdownWrite() }
  }

  private func pump(after milliseconds: Int64) {
    timer = source?.loop.schedule(after: milliseconds) { [weak self] in self?.pump() }
  }
}
