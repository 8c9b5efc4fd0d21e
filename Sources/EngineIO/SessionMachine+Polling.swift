extension SessionMachine {
  /// What a poll gets.
  public enum PollAction: Sendable, Equatable {
    /// These packets, now.
    case answer([EnginePacket])
    /// These, and the session is over.
    case answerLast([EnginePacket])
    /// What comes next.
    case wait
    /// A refusal; another poll is pending, which gets its last answer, and the session is over.
    case overlap(Ending)
    /// A refusal; the session is over since its time is, or an answer was lost.
    case over(Ending)
    /// A refusal.
    case refuse(EngineRefusal)
  }

  /// The client asks for what waits.
  ///
  /// - Parameter stamp: what tells this poll from the client's others. One that comes again has not had its answer: who
  ///   carried it died, and the client's HTTP library has repeated a GET without asking anybody. What the answer held
  ///   is lost, so the session is over.
  public mutating func pollArrived(stamp: String? = nil, at now: Milliseconds) -> PollAction {
    if let ending = endIfOver(at: now) { return .over(ending) }
    switch state {
    case .gone: return .refuse(.unknownSession)
    case .socket: return .refuse(.badRequest)
    case .polling, .probing, .closing: break
    }
    if hasPoll { return .overlap(end(.overlap, poll: .close)) }
    if let stamp, stamp == lastStamp { return .over(end(.transportLost, poll: .close)) }
    lastStamp = stamp
    setPoll(true)
    switch flush() {
    case .answer(let packets): return .answer(packets)
    case .answerLast(let packets): return .answerLast(packets)
    case .nothing: break
    }
    // The client waits for this poll's end before it goes over to the socket.
    guard case .probing(_, true, _) = state else { return .wait }
    setPoll(false)
    return .answer([.noop])
  }

  /// What is sent when a tick is over.
  public enum FlushAction: Sendable, Equatable {
    /// Nothing waits, or nobody.
    case nothing
    /// The pending poll's answer.
    case answer([EnginePacket])
    /// The pending poll's answer, and the session is over.
    case answerLast([EnginePacket])
  }

  /// Answers the pending poll with what waits.
  public mutating func flush() -> FlushAction {
    guard hasPoll, !queue.isEmpty else { return .nothing }
    let packets = queue.take(EngineLimits.pollPacketsMax, bytesMax: limits.maxPayload)
    setPoll(false)
    guard case .closing = state, queue.isEmpty else { return .answer(packets) }
    state = .gone
    return .answerLast(packets)
  }

  /// What becomes of a packet that is sent.
  public enum SendAction: Sendable, Equatable {
    /// Write it to the WebSocket.
    case write
    /// It waits; flush when the tick is over.
    case flush
    /// Too much waits: the session is over.
    case overflow(Ending)
    /// The session is over, the packet dropped.
    case drop
  }

  /// This side has a packet for the client.
  public mutating func send(_ packet: EnginePacket) -> SendAction {
    switch state {
    case .socket: return .write
    case .closing, .gone: return .drop
    case .polling, .probing: break
    }
    guard queue.count < limits.queuePacketsMax, queue.byteCount + packet.byteCount <= limits.queueBytesMax else {
      return .overflow(end(.overflow, poll: .close))
    }
    queue.append(packet)
    return .flush
  }

  /// Forgets what waits for a poll: its client does not fetch it, and is to hear the end.
  public mutating func dropQueue() { queue.removeAll() }

  /// What becomes of a body of packets.
  public enum PostAction: Sendable, Equatable {
    /// Take its packets, one by one.
    case take
    /// They have been taken; say so again.
    case repeated
    /// A refusal; the session is over since its time is.
    case over(Ending)
    /// A refusal.
    case refuse(EngineRefusal)
  }

  /// The client brings packets.
  ///
  /// - Parameter mark: what tells this body from the client's others. One that comes again has been taken: its answer
  ///   was lost with who carried it, and the client's HTTP library has repeated the POST without asking anybody.
  public mutating func postArrived(mark: BodyMark? = nil, at now: Milliseconds) -> PostAction {
    if let ending = endIfOver(at: now) { return .over(ending) }
    switch state {
    case .polling, .probing, .closing:
      if let mark, mark == lastBody { return .repeated }
      lastBody = mark
      return .take
    case .socket: return .refuse(.badRequest)
    case .gone: return .refuse(.unknownSession)
    }
  }

  /// What came by the session's transport was no packet.
  public mutating func garbageArrived() -> Ending? {
    isGone ? nil : end(.protocolError, poll: .close)
  }

  /// What becomes of a packet that came.
  public enum ReceiveAction: Sendable, Equatable {
    /// A message, for the one who listens.
    case deliver
    /// Nothing.
    case nothing
    /// Something waits for a poll; flush.
    case flush
    /// An answer for the WebSocket.
    case write(EnginePacket)
    /// The session is over.
    case end(Ending)
  }

  /// A packet came by the session's own transport: by a body, or by its WebSocket.
  public mutating func received(_ packet: EnginePacket, at now: Milliseconds) -> ReceiveAction {
    switch state {
    case .gone, .closing: return .nothing
    case .polling, .probing, .socket: heartbeat.heard(at: now)
    }
    switch (packet, version) {
    case (.text, _), (.binary, _): return .deliver
    case (.close, _): return .end(end(.closedByClient, poll: .noop))
    case (.pong, .v4):
      heartbeat.pong(at: now)
      return .nothing
    case (.ping(let data), .v3): return answer(.pong(data))
    case (.noop, _), (.upgrade, _): return .nothing
    case (.open, _), (.ping, .v4), (.pong, .v3): return .end(end(.protocolError, poll: .close))
    }
  }

  private mutating func answer(_ packet: EnginePacket) -> ReceiveAction {
    switch send(packet) {
    case .write: .write(packet)
    case .flush: .flush
    case .overflow(let ending): .end(ending)
    case .drop: .nothing
    }
  }
}
