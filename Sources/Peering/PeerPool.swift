import Client
import HTTP1
import IORuntime

/// One loop's connections to other nodes, kept alive between requests, and how many there are.
///
/// - Isolation: its loop.
/// - Limits: ``PeerLimits/connectionsMax`` and ``PeerLimits/connectionsPerPeerMax``.
final class PeerPool: @unchecked Sendable {
  enum Failure: Error {
    case busy
    case unreachable
  }

  private let loop: EventLoop
  private let limits: PeerLimits
  private var idle: [SocketAddress: [PeerCall]] = [:]
  private var open: [SocketAddress: Int] = [:]
  private(set) var count = 0
  private var isClosed = false

  init(loop: EventLoop, limits: PeerLimits) {
    self.loop = loop
    self.limits = limits
  }

  /// A connection for one request, an idle one if there is any.
  func lease(_ address: SocketAddress, done: @escaping (Result<PeerCall, Failure>) -> Void) {
    while let call = takeIdle(address) {
      guard loop.now - call.idleSince < limits.idleMilliseconds else {
        call.close()
        continue
      }
      return done(.success(call))
    }
    connect(address) { result in done(result.map { PeerCall($0, address, pool: self) }) }
  }

  /// A connection that is nobody else's; ``release(_:)`` tells when it is over.
  func connect(_ address: SocketAddress, done: @escaping (Result<Connection, Failure>) -> Void) {
    guard reserve(address) else { return done(.failure(.busy)) }
    loop.connect(to: address, deadline: limits.connectMilliseconds) { [self] result in
      switch result {
      case .success(let connection): done(.success(connection))
      case .failure:
        release(address)
        done(.failure(.unreachable))
      }
    }
  }

  func release(_ address: SocketAddress) {
    count -= 1
    let left = open[address, default: 1] - 1
    open[address] = left > 0 ? left : nil
  }

  /// Keeps a connection for the next request.
  func keep(_ call: PeerCall) {
    guard !isClosed, call.isOpen else { return call.close() }
    call.idleSince = loop.now
    idle[call.address, default: []].append(call)
  }

  /// A connection is over.
  func ended(_ call: PeerCall) {
    release(call.address)
    guard var waiting = idle[call.address] else { return }
    waiting.removeAll { $0 === call }
    idle[call.address] = waiting.isEmpty ? nil : waiting
  }

  /// Closes what is idle, and from now on what becomes so.
  func close() {
    isClosed = true
    for call in idle.values.joined() { call.close() }
    idle = [:]
  }

  private func takeIdle(_ address: SocketAddress) -> PeerCall? {
    guard let call = idle[address]?.popLast() else { return nil }
    if idle[address]?.isEmpty == true { idle[address] = nil }
    return call
  }

  private func reserve(_ address: SocketAddress) -> Bool {
    guard !isClosed, count < limits.connectionsMax, open[address, default: 0] < limits.connectionsPerPeerMax else {
      return false
    }
    count += 1
    open[address, default: 0] += 1
    return true
  }
}

/// A connection to another node with at most one request under way.
final class PeerCall: ConnectionHandler, @unchecked Sendable {
  let address: SocketAddress
  var idleSince: Int64 = 0
  private let connection: Connection
  private let pool: PeerPool
  private var reader = ReplyReader()
  private var waiting: ((Reply?) -> Void)?
  private var timer: LoopTimer?

  init(_ connection: Connection, _ address: SocketAddress, pool: PeerPool) {
    self.connection = connection
    self.address = address
    self.pool = pool
    connection.begin(with: self)
  }

  var isOpen: Bool { connection.isOpen }

  /// Sends a request; `done` is called once, with nothing when nobody knows what has become of it.
  func exchange(_ bytes: [UInt8], deadline: Int64, done: @escaping (Reply?) -> Void) {
    waiting = done
    timer = connection.loop.schedule(after: deadline) { [weak self] in self?.close() }
    connection.send(bytes)
  }

  /// Closes; a request that is under way is given up, and the owner sees its client go.
  func close() {
    connection.close()
    settle(nil)
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    // What nobody has asked for belongs to no request.
    guard waiting != nil else { return connection.close() }
    reader.append(bytes)
    switch reader.next() {
    case .needMore: break
    case .failed: close()
    case .reply(let reply): settle(reply)
    }
  }

  func ended(_ reason: ConnectionEnd) {
    settle(nil)
    pool.ended(self)
  }

  private func settle(_ reply: Reply?) {
    timer?.cancel()
    timer = nil
    guard let waiting else { return }
    self.waiting = nil
    // What came behind the reply would be taken for the next one.
    if let reply { reply.keepsAlive && reader.takeRest().isEmpty ? pool.keep(self) : connection.close() }
    waiting(reply)
  }
}
