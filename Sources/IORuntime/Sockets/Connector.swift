import CLinux
import Glibc

/// Why an outgoing connection was not made.
public enum ConnectError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name has no address.
  case unknownHost(String)
  /// No address took the connection; the error is the last one's.
  case failed(SystemAddressError)
  /// The deadline passed.
  case timedOut
  /// TLS cannot be begun for that host; what comes later is told by ``ConnectionEnd/insecure(_:)``.
  case insecure(TLSError)

  /// One sentence for a log.
  public var description: String {
    switch self {
    case .unknownHost(let host): "no address is known for \(host)"
    case .failed(let error): error.description
    case .timedOut: "the connection was not made in time"
    case .insecure(let error): error.description
    }
  }
}

/// A system call that failed for one address.
public struct SystemAddressError: Hashable, Sendable, CustomStringConvertible {
  /// Where to.
  public let address: SocketAddress
  /// What failed.
  public let error: SystemError

  /// Takes both.
  public init(address: SocketAddress, error: SystemError) {
    self.address = address
    self.error = error
  }

  /// `192.0.2.1:80: connect: Connection refused`.
  public var description: String { "\(address): \(error)" }
}

extension EventLoop {
  /// Makes an outgoing connection: resolves the name, tries its addresses in their order, and gives the first that is
  /// taken, not yet begun. Call it on the loop.
  ///
  /// With `tls` the handshake starts when the connection is begun; what is sent meanwhile waits for it, and a refused
  /// certificate ends the connection with ``ConnectionEnd/insecure(_:)``.
  ///
  /// - Parameter source: the numeric address of this machine to connect from; the system's choice if left out. One
  ///   address has 28,000 ports for one destination, so who opens more needs several.
  /// - Units: `deadline` is in milliseconds and covers all of it.
  /// - Throws: ``ConnectError``; trying again later may help, except with an unknown host.
  public func connect(
    to address: SocketAddress, deadline: Int64, options: ConnectionOptions = ConnectionOptions(),
    tls: TLSClient? = nil, resolver: BlockingPool? = nil, from source: String? = nil
  ) async throws(ConnectError) -> Connection {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<_, Never>) in
      connect(to: address, deadline: deadline, options: options, tls: tls, resolver: resolver, from: source) {
        continuation.resume(returning: $0)
      }
    }
    return try result.get()
  }

  /// The same with a callback, which is called once, on the loop, never before this returns.
  public func connect(
    to address: SocketAddress, deadline: Int64, options: ConnectionOptions = ConnectionOptions(),
    tls: TLSClient? = nil, resolver: BlockingPool? = nil, from source: String? = nil,
    done: @escaping (Result<Connection, ConnectError>) -> Void
  ) {
    let attempt = ConnectAttempt(loop: self, address: address, options: options, tls: tls, source: source, done: done)
    attempt.begin(deadline: deadline, resolver: resolver)
  }
}

/// One outgoing connection in the making. It is held by its timer and by the loop's watch, and by nobody when done.
private final class ConnectAttempt: Pollable, @unchecked Sendable {
  private let loop: EventLoop
  private let address: SocketAddress
  private let options: ConnectionOptions
  private let tls: TLSClient?
  private let source: String?
  private var done: ((Result<Connection, ConnectError>) -> Void)?
  private var candidates: [RawAddress] = []
  private var tried = 0
  private var descriptor: CInt = -1
  private var watch: Watch?
  private var timer: LoopTimer?

  init(
    loop: EventLoop, address: SocketAddress, options: ConnectionOptions, tls: TLSClient?, source: String?,
    done: @escaping (Result<Connection, ConnectError>) -> Void
  ) {
    self.source = source
    self.loop = loop
    self.address = address
    self.options = options
    self.tls = tls
    self.done = done
  }

  func begin(deadline: Int64, resolver: BlockingPool?) {
    timer = loop.schedule(after: deadline) { self.end(.failure(.timedOut)) }
    switch address {
    case .unix(let path): resolved(RawAddress(path: path).map { [$0] } ?? [])
    case .ip(let host, let port):
      if let numeric = Resolution.numeric(host, port: port) {
        resolved([numeric])
      } else {
        resolve(host, port, on: resolver ?? Resolution.pool)
      }
    }
  }

  private func resolve(_ host: String, _ port: UInt16, on pool: BlockingPool?) {
    let taken = pool?.submit { [self, loop] in
      let found = (try? Resolution.addresses(of: host, port: port)) ?? []
      loop.execute { self.resolved(found) }
    }
    if taken != true { resolved([]) }
  }

  private func resolved(_ found: [RawAddress]) {
    candidates = found
    guard !found.isEmpty else { return fail(.unknownHost(address.host ?? address.description)) }
    tryNext(after: SystemError(call: "connect", code: EADDRNOTAVAIL))
  }

  private func tryNext(after error: SystemError) {
    guard done != nil else { return }
    guard tried < candidates.count else { return fail(.failed(SystemAddressError(address: address, error: error))) }
    let candidate = candidates[tried]
    tried += 1
    do {
      try start(candidate)
    } catch {
      dropSocket()
      tryNext(after: error)
    }
  }

  private func start(_ candidate: RawAddress) throws(SystemError) {
    descriptor = try StreamSocket.make(family: candidate.family)
    if candidate.family != AF_UNIX { options.apply(to: descriptor) }
    if let source { try bind(to: source) }
    let code = candidate.withPointer { Glibc.connect(descriptor, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else { throw SystemError(call: "connect") }
    watch = try loop.watch(descriptor, .write, self)
  }

  private func bind(to source: String) throws(SystemError) {
    guard let own = Resolution.numeric(source, port: 0) else { throw SystemError(call: "bind", code: EADDRNOTAVAIL) }
    // The port is chosen with the destination, which lets many connections share one.
    var one: CInt = 1
    setsockopt(descriptor, CInt(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &one, socklen_t(MemoryLayout<CInt>.size))
    guard own.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else { throw SystemError(call: "bind") }
  }

  func ready(_ events: PollEvents) {
    guard descriptor >= 0 else { return }
    if let code = StreamSocket.pendingError(of: descriptor) {
      dropSocket()
      return tryNext(after: SystemError(call: "connect", code: code))
    }
    watch?.end()
    let connection = Connection(loop: loop, descriptor: descriptor, options: options)
    descriptor = -1
    end(secured(connection))
  }

  private func secured(_ connection: Connection) -> Result<Connection, ConnectError> {
    guard let tls else { return .success(connection) }
    guard let host = address.host, let layer = tls.layer(host: host) else {
      return .failure(.insecure(TLSError("no name to check a certificate against")))
    }
    connection.secure(with: layer, deadline: options.handshakeDeadline)
    return .success(connection)
  }

  func abandoned() { end(.failure(.timedOut)) }

  private func fail(_ error: ConnectError) {
    loop.execute { self.end(.failure(error)) }
  }

  private func end(_ result: Result<Connection, ConnectError>) {
    guard let done else { return }
    self.done = nil
    timer?.cancel()
    timer = nil
    dropSocket()
    done(result)
  }

  private func dropSocket() {
    watch?.end()
    watch = nil
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
