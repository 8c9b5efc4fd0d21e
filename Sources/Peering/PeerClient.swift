import Client
import EngineServing
import HTTP1
import IORuntime
import Serving

/// Passes requests on to the nodes whose sessions they name, from one loop.
///
/// - Isolation: its loop.
/// - Limits: ``PeerLimits``.
public final class PeerClient: @unchecked Sendable {
  private let loop: EventLoop
  private let node: String
  private let seal: PeerSeal
  private let limits: PeerLimits
  private let clock: @Sendable () -> Int64
  private let table: PeerTable
  private let pool: PeerPool
  private var tunnels: [ObjectIdentifier: Tunnel] = [:]
  private var isLeaving = false
  private var counts = PeerCounts()
  private var random = SystemRandomNumberGenerator()

  /// A client of the other nodes.
  ///
  /// - Parameters:
  ///   - node: this one's name in session ids.
  ///   - clock: Unix time in milliseconds.
  ///   - list: reads the cluster's list, on the loop; nil when it cannot be read now.
  public init(
    loop: EventLoop, node: String, seal: PeerSeal, limits: PeerLimits = PeerLimits(),
    clock: @escaping @Sendable () -> Int64, list: @escaping @Sendable () async -> [PeerNode]?
  ) {
    self.loop = loop
    self.node = node
    self.seal = seal
    self.limits = limits
    self.clock = clock
    table = PeerTable(loop: loop, limits: limits, list: list)
    pool = PeerPool(loop: loop, limits: limits)
  }

  /// What has been passed on so far, and what is open now.
  public var report: PeerCounts {
    var report = counts
    report.tunnels = tunnels.count
    report.connections = pool.count
    return report
  }

  /// Ends the tunnels, each at its own time within `spread`, so that their clients do not come back as a herd; there
  /// are no new ones, for a client who cannot go over to a WebSocket polls on.
  public func leave(over spread: Int64) {
    isLeaving = true
    for tunnel in Array(tunnels.values) {
      loop.schedule(after: Int64.random(in: 0...max(0, spread), using: &random)) { tunnel.close() }
    }
  }

  /// Ends everything.
  public func close() {
    for tunnel in Array(tunnels.values) { tunnel.close() }
    pool.close()
  }

  /// A request as the owner gets it.
  private func bytes(_ request: Request, to peer: PeerNode, upgrade: Bool = false) -> [UInt8] {
    let target = request.head.path + (request.head.query.map { "?" + $0 } ?? "")
    let headers = PeerHeaders.passed(request.headers)
    let hop = PeerHop(
      from: node, to: peer.name, client: request.peer.isEmpty ? "-" : request.peer, time: clock(), nonce: random.next())
    let value = seal.value(hop, method: request.method, target: target, headers: headers, body: request.body)
    var text = "\(request.method) \(target) HTTP/1.1\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    text += "\(PeerHop.field): \(value)\r\n"
    if upgrade { text += "Connection: Upgrade\r\nUpgrade: websocket\r\n" }
    if request.method == .post || !request.body.isEmpty {
      text += "Content-Length: \(request.body.count)\r\n"
    }
    return Array((text + "\r\n").utf8) + request.body
  }

  private func count(_ outcome: PeerCounts.Outcome) { counts.forwarded[outcome, default: 0] += 1 }

  /// What the client is told of the owner's answer; nil when it was not the owner of the session who spoke.
  private func response(_ reply: Reply) -> Response? {
    guard reply.status != Status.forbidden.code, reply.status != Status.notFound.code else {
      count(.refused)
      return nil
    }
    count(.answered)
    var response = Response(Status(reply.status), body: reply.body)
    // What the owner has let go of would be lost by a refusal here.
    response.hold = BodyHold()
    for name in ["Content-Type", "Retry-After"] {
      if let value = reply.headers[name] { response.headers.append(name, value) }
    }
    return response
  }

  private var busy: Response {
    Response(.unavailable, headers: ["Retry-After": "1"], body: Array("Too many requests are passed on.\n".utf8))
  }
}

extension PeerClient: EnginePeers {
  /// Passes on a poll or a body.
  public func forward(_ request: Request, to node: String, deadline: Int64) async -> Response? {
    guard let peer = await table.find(node) else {
      count(.unknown)
      return nil
    }
    var outcome = await exchange(request, peer, deadline)
    // What took no connection has not seen the request.
    if case .failure(.unreachable) = outcome, let moved = await table.find(node, besides: peer.address) {
      outcome = await exchange(request, moved, deadline)
    }
    switch outcome {
    case .success(let reply): return response(reply)
    case .failure(let outcome):
      count(outcome)
      return outcome == .busy ? busy : nil
    }
  }

  private func exchange(
    _ request: Request, _ peer: PeerNode, _ deadline: Int64
  ) async -> Result<Reply, PeerCounts.Outcome> {
    let forwarded = Forwarded()
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        forwarded.start(
          bytes(request, to: peer), at: peer.address, pool, deadline: deadline,
          done: { continuation.resume(returning: $0) })
      }
    } onCancel: {
      loop.execute { forwarded.cancel() }
    }
  }

  /// Passes on a WebSocket.
  public func tunnel(_ request: Request, to node: String, unknown: Response) -> UpgradeAnswer {
    guard !isLeaving else { return .refuse(unknown) }
    return .handOver { [self] client in
      let tunnel = Tunnel(
        client, limits: limits, count: { [weak self] in self?.count($0) },
        whenEnded: { [weak self] in self?.tunnels[ObjectIdentifier($0)] = nil })
      tunnels[ObjectIdentifier(tunnel)] = tunnel
      loop.spawn { [self] in
        guard let peer = await table.find(node) else { return tunnel.refuse(unknown, .unknown) }
        guard tunnel.isWaiting else { return }
        pool.connect(peer.address) { [self] result in
          switch result {
          case .failure(.busy): tunnel.refuse(busy, .busy)
          case .failure(.unreachable): tunnel.refuse(unknown, .unreachable)
          case .success(let connection):
            tunnel.shakeHands(
              connection, bytes(request, to: peer, upgrade: true), refused: { [self] in response($0) ?? unknown },
              lost: unknown, released: { [self] in pool.release(peer.address) })
          }
        }
      }
      return tunnel
    }
  }

}

/// One request on its way, which its client may give up at any time.
///
/// - Isolation: its loop.
private final class Forwarded: @unchecked Sendable {
  typealias Outcome = Result<Reply, Failure>
  /// Why there is no reply; a count's name.
  typealias Failure = PeerCounts.Outcome

  private var call: PeerCall?
  private var done: ((Outcome) -> Void)?
  private var isCancelled = false

  func start(
    _ bytes: [UInt8], at address: SocketAddress, _ pool: PeerPool, deadline: Int64, done: @escaping (Outcome) -> Void
  ) {
    guard !isCancelled else { return done(.failure(.cancelled)) }
    self.done = done
    pool.lease(address) { [self] result in
      switch result {
      case .failure(let failure): finish(.failure(failure == .busy ? .busy : .unreachable))
      case .success(let call):
        guard !isCancelled else { return pool.keep(call) }
        self.call = call
        call.exchange(bytes, deadline: deadline) { [self] reply in
          finish(reply.map { .success($0) } ?? .failure(isCancelled ? .cancelled : .lost))
        }
      }
    }
  }

  func cancel() {
    isCancelled = true
    guard let call else { return finish(.failure(.cancelled)) }
    call.close()
  }

  private func finish(_ outcome: Outcome) {
    call = nil
    guard let done else { return }
    self.done = nil
    done(outcome)
  }
}

extension PeerCounts.Outcome: Error {}
