import EngineIO
import IORuntime
import Serving
import Synchronization
import WebSocket

/// A WebSocket that carries a session, or is tried out for it; the two may live on different loops.
///
/// - Isolation: ``WebSocketHandler``'s calls come on the connection's loop, the others on the session's.
final class EngineSocket: @unchecked Sendable {
  private let connection: WebSocketConnection
  private let session: EngineSession
  private let version: EngineVersion
  /// Whether the connection lives where its session does.
  private let isHere: Bool

  init(_ connection: WebSocketConnection, _ session: EngineSession, version: EngineVersion) {
    self.connection = connection
    self.session = session
    self.version = version
    isHere = connection.loop === session.loop
  }

  /// Bytes on their way to the connection's loop, when that is another one.
  private let underWay = Atomic<Int>(0)
  /// What the connection had yet to send when it was last asked.
  private let lastSeen = Atomic<Int>(0)
  private let isAsked = Atomic<Bool>(false)

  /// Bytes that the connection has yet to send. On another loop what it last said counts, and it is asked again.
  var queuedBytes: Int {
    if isHere { return connection.queuedBytes }
    let seen = lastSeen.load(ordering: .relaxed)
    if seen > 0, !isAsked.exchange(true, ordering: .relaxed) {
      connection.loop.execute { [self] in
        isAsked.store(false, ordering: .relaxed)
        lastSeen.store(connection.queuedBytes, ordering: .relaxed)
      }
    }
    return seen + underWay.load(ordering: .relaxed)
  }

  /// The connection itself, once frames may be given to it by others on the session's loop: from then on, for good.
  var straight: WebSocketConnection? { isHere && held == nil ? connection : nil }

  func send(_ packets: [EnginePacket], queueBytesMax: Int) {
    guard !packets.isEmpty else { return }
    write(packets.reduce(0) { $0 + $1.byteCount }, queueBytesMax) { connection, version in
      for packet in packets {
        let frame = packet.frame(version: version)
        if packet.isBinary { connection.send(binary: frame) } else { connection.send(text: frame) }
      }
    }
  }

  /// Sends a frame that was made once for many.
  func send(frame: [UInt8], queueBytesMax: Int) {
    // The way of a crowd's fan-out: nothing is allocated for a recipient.
    if isHere, held == nil {
      connection.send(frame: frame)
      return closeIfFull(queueBytesMax)
    }
    write(frame.count, queueBytesMax) { connection, _ in connection.send(frame: frame) }
  }

  private func write(
    _ bytes: Int, _ queueBytesMax: Int, _ body: @escaping @Sendable (WebSocketConnection, EngineVersion) -> Void
  ) {
    let isElsewhere = !connection.loop.inLoop
    if isElsewhere { underWay.add(bytes, ordering: .relaxed) }
    onConnection { [self] connection, version in
      body(connection, version)
      if isElsewhere {
        lastSeen.store(connection.queuedBytes, ordering: .relaxed)
        underWay.subtract(bytes, ordering: .relaxed)
      }
      closeIfFull(queueBytesMax)
    }
  }

  /// A client that does not read is told to come back, not waited for.
  private func closeIfFull(_ queueBytesMax: Int) {
    if connection.queuedBytes > queueBytesMax, connection.isOpen { connection.close(.tryAgainLater) }
  }

  func close(_ code: CloseCode) { onConnection { connection, _ in connection.close(code) } }

  /// What waits for the first packet to leave; only for a socket that lives on its session's loop.
  private var held: [@Sendable (WebSocketConnection, EngineVersion) -> Void]?

  /// Milliseconds between the answer to the handshake and the first packet: 5. In one segment with the answer it
  /// reaches a client before that has told its program that the socket is open, and a program that listens only then
  /// misses it.
  private static let openingGap: Int64 = 5

  /// Holds everything back for a moment; to be called when the socket is made.
  func holdBack() {
    held = []
    connection.loop.schedule(after: EngineSocket.openingGap) { [self] in
      let bodies = held ?? []
      held = nil
      for body in bodies { body(connection, version) }
    }
  }

  private func onConnection(_ body: @escaping @Sendable (WebSocketConnection, EngineVersion) -> Void) {
    if held != nil {
      held?.append(body)
      return
    }
    if connection.loop.inLoop { return body(connection, version) }
    connection.loop.execute { [connection, version] in body(connection, version) }
  }

  private func onSession(_ body: @escaping @Sendable (EngineSession) -> Void) {
    if session.loop.inLoop { return body(session) }
    session.loop.execute { [session] in body(session) }
  }

  private func received(_ packet: Result<EnginePacket, PacketError>) {
    onSession { $0.received(packet, by: self) }
  }
}

extension EngineSocket: WebSocketHandler {
  func received(text: Span<UInt8>) {
    let bytes = text.withUnsafeBufferPointer { Array($0) }
    received(Result { () throws(PacketError) in try EnginePacket(text: bytes) })
  }

  func received(binary: Span<UInt8>) {
    let bytes = binary.withUnsafeBufferPointer { Array($0) }
    received(Result { () throws(PacketError) in try EnginePacket(binary: bytes, version: version) })
  }

  func closed(_ end: WebSocketEnd) {
    let isOverflow = end == .closedHere(.tryAgainLater)
    onSession { $0.lost(self, isOverflow: isOverflow) }
  }
}
