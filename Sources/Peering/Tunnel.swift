import Client
import HTTP1
import IORuntime
import Serving

/// A WebSocket whose session is on another node: the owner's answer to the handshake, then bytes both ways, unread.
///
/// A side that does not read stops the other from being read; when one ends the other ends after what waits.
///
/// - Isolation: its loop.
final class Tunnel: @unchecked Sendable {
  private let client: RawConnection
  private let limits: PeerLimits
  private let count: (PeerCounts.Outcome) -> Void
  private var whenEnded: ((Tunnel) -> Void)?
  private var owner: Connection?
  private var handshake: Handshake?
  private var isOver = false

  private struct Handshake {
    var reader = ReplyReader()
    var early: [UInt8] = []
    let timer: LoopTimer
    let refused: (Reply) -> Response
    let lost: Response
  }

  /// A tunnel that waits for its owner; the client is not read meanwhile.
  init(
    _ client: RawConnection, limits: PeerLimits, count: @escaping (PeerCounts.Outcome) -> Void,
    whenEnded: @escaping (Tunnel) -> Void
  ) {
    self.client = client
    self.limits = limits
    self.count = count
    self.whenEnded = whenEnded
    client.pauseReading()
  }

  /// Whether bytes go both ways.
  private var isOpen: Bool { owner != nil && handshake == nil }

  /// Whether the client still waits for the handshake.
  var isWaiting: Bool { !isOver && client.isOpen }

  /// The client is not let in.
  func refuse(_ response: Response, _ outcome: PeerCounts.Outcome?) {
    guard !isOver else { return }
    client.refuse(response)
    end(outcome)
  }

  /// The owner is there: asks him.
  func shakeHands(
    _ connection: Connection, _ request: [UInt8], refused: @escaping (Reply) -> Response, lost: Response,
    released: @escaping () -> Void
  ) {
    connection.begin(with: OwnerSide(self, released: released))
    guard isWaiting else { return connection.close() }
    owner = connection
    let timer = connection.loop.schedule(after: limits.handshakeMilliseconds) { [weak self] in
      self?.refuse(lost, .lost)
    }
    handshake = Handshake(early: early, timer: timer, refused: refused, lost: lost)
    early = []
    connection.send(request)
  }

  /// What the client has sent before he was let in: at most what one read brings.
  private var early: [UInt8] = []

  func close() {
    guard !isOver else { return }
    client.finish()
    end(isOpen ? nil : .cancelled)
  }

  private func end(_ outcome: PeerCounts.Outcome?) {
    guard !isOver else { return }
    isOver = true
    handshake?.timer.cancel()
    handshake = nil
    owner?.closeAfterFlush(deadline: limits.handshakeMilliseconds)
    owner = nil
    if let outcome { count(outcome) }
    whenEnded?(self)
    whenEnded = nil
  }

  // MARK: What the owner says

  fileprivate func ownerSent(_ bytes: UnsafeRawBufferPointer) {
    guard handshake == nil else { return answered(bytes) }
    guard !isOver else { return }
    client.send(bytes)
    if client.isCongested { owner?.pauseReading() }
  }

  private func answered(_ bytes: UnsafeRawBufferPointer) {
    handshake?.reader.append(bytes)
    guard var shaken = handshake else { return }
    let event = shaken.reader.next()
    handshake?.reader = shaken.reader
    switch event {
    case .needMore: return
    case .failed: refuse(shaken.lost, .lost)
    case .reply(let reply) where reply.status == Status.switchingProtocols.code:
      shaken.timer.cancel()
      handshake = nil
      count(.answered)
      client.switchProtocols(reply.headers)
      shaken.reader.takeRest().withUnsafeBytes { if $0.count > 0 { client.send($0) } }
      owner?.send(shaken.early)
      client.resumeReading()
    case .reply(let reply): refuse(shaken.refused(reply), nil)
    }
  }

  fileprivate func ownerDrained() { client.resumeReading() }

  fileprivate func ownerEnded() {
    guard !isOver else { return }
    if let handshake { return refuse(handshake.lost, .lost) }
    client.finish()
    end(nil)
  }
}

extension Tunnel: ConnectionHandler {
  func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isOver else { return }
    if handshake != nil {
      handshake?.early.append(contentsOf: bytes)
    } else if let owner {
      owner.send(bytes)
      if owner.isCongested { client.pauseReading() }
    } else {
      early.append(contentsOf: bytes)
    }
  }

  func drained() { owner?.resumeReading() }

  func ended(_ reason: ConnectionEnd) { end(isOpen ? nil : .cancelled) }
}

/// The owner's side of a tunnel.
private final class OwnerSide: ConnectionHandler {
  private let tunnel: Tunnel
  private let released: () -> Void

  init(_ tunnel: Tunnel, released: @escaping () -> Void) {
    self.tunnel = tunnel
    self.released = released
  }

  func received(_ bytes: UnsafeRawBufferPointer) { tunnel.ownerSent(bytes) }
  func drained() { tunnel.ownerDrained() }

  func ended(_ reason: ConnectionEnd) {
    released()
    tunnel.ownerEnded()
  }
}
