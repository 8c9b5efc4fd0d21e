import EngineIO
import IORuntime

/// The WebSocket that carries a session, and the one that is tried out.
extension EngineSession {
  /// The session was opened by this WebSocket.
  func opened(by socket: EngineSocket) {
    transports.use(socket)
    socket.send([EngineTerms(sid: id, offersUpgrade: false, limits: limits).packet], queueBytesMax: .max)
  }

  /// Whether a WebSocket may be tried out.
  func probeArrived() -> EngineRefusal? {
    switch machine.probeArrived(at: loop.now) {
    case .accept:
      arm()
      return nil
    case .refuse(let refusal): return refusal
    case .over(let ending):
      end(ending)
      return .unknownSession
    }
  }

  /// The WebSocket that was let in is open.
  func probing(by socket: EngineSocket) { transports.tryOut(socket) }

  /// A packet came by a WebSocket.
  func received(_ packet: Result<EnginePacket, PacketError>, by from: EngineSocket) {
    if from === transports.probe { return probeReceived(packet) }
    guard from === transports.socket else { return }
    switch packet {
    case .success(let packet): received(packet)
    case .failure: if let ending = machine.garbageArrived() { end(ending) }
    }
  }

  private func probeReceived(_ packet: Result<EnginePacket, PacketError>) {
    guard case .success(let packet) = packet else {
      machine.probeLost()
      return transports.dropProbe()
    }
    switch machine.probeReceived(packet) {
    case .confirm(let answer, let packets):
      transports.probe?.send([answer], queueBytesMax: .max)
      answerPoll(packets)
    case .takeOver(let packets, let waiting):
      transports.takeOver()
      countedAs = .webSocket
      tally.upgraded()
      answerPoll(packets)
      write(waiting)
    case .drop: transports.dropProbe()
    }
  }

  /// A WebSocket is closed, by whoever's doing.
  func lost(_ lost: EngineSocket, isOverflow: Bool) {
    if lost === transports.probe {
      transports.forgetProbe()
      machine.probeLost()
    } else if lost === transports.socket {
      transports.forgetSocket()
      guard machine.transportLost() != nil else { return }
      over(isOverflow ? .overflow : .transportLost)
    }
  }
}
