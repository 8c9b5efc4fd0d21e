extension SessionMachine {
  /// Whether a WebSocket for a session that polls is let in.
  public enum ProbeAction: Sendable, Equatable {
    /// Yes.
    case accept
    /// No: it has one, or another is tried out.
    case refuse(EngineRefusal)
    /// No; the session is over since its time is.
    case over(Ending)
  }

  /// A WebSocket came for the session.
  public mutating func probeArrived(at now: Milliseconds) -> ProbeAction {
    if let ending = endIfOver(at: now) { return .over(ending) }
    switch state {
    case .polling(let hasPoll):
      state = .probing(hasPoll: hasPoll, confirmed: false, deadline: now &+ limits.upgradeTimeout)
      return .accept
    case .probing, .socket: return .refuse(.badRequest)
    case .closing, .gone: return .refuse(.unknownSession)
    }
  }

  /// What becomes of a packet on the WebSocket that is tried out.
  public enum ProbePacketAction: Sendable, Equatable {
    /// Answer it there; and end the pending poll, if there is one, with this.
    case confirm(EnginePacket, pollAnswer: [EnginePacket]?)
    /// From now on the session goes by this WebSocket: end the pending poll, and write what waits.
    case takeOver(pollAnswer: [EnginePacket]?, waiting: [EnginePacket])
    /// Close the WebSocket; the session goes on by polling.
    case drop
  }

  /// A packet came by the WebSocket that is tried out.
  public mutating func probeReceived(_ packet: EnginePacket) -> ProbePacketAction {
    guard case .probing(let hasPoll, let confirmed, let deadline) = state else { return .drop }
    switch packet {
    case .ping(EnginePacket.probe) where !confirmed:
      let ended: [EnginePacket]?
      if hasPoll {
        let packets = queue.take(EngineLimits.pollPacketsMax, bytesMax: limits.maxPayload)
        ended = packets.isEmpty ? [.noop] : packets
      } else {
        ended = nil
      }
      state = .probing(hasPoll: false, confirmed: true, deadline: deadline)
      return .confirm(.pong(EnginePacket.probe), pollAnswer: ended)
    case .upgrade where confirmed:
      state = .socket
      let waiting = queue.take(.max)
      queue.removeAll()
      return .takeOver(pollAnswer: hasPoll ? [.noop] : nil, waiting: waiting)
    default:
      state = .polling(hasPoll: hasPoll)
      return .drop
    }
  }

  /// The WebSocket that is tried out is lost; the session goes on by polling.
  public mutating func probeLost() {
    if case .probing(let hasPoll, _, _) = state { state = .polling(hasPoll: hasPoll) }
  }
}
