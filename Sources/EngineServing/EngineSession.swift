import EngineIO
import HTTP1
import IORuntime
import Serving

/// A session of Engine.IO on a loop, whatever connections and loops its requests come by.
///
/// It does what ``SessionMachine`` decides: holds the pending poll, the WebSocket, the one that is tried out, and one
/// timer. What is sent during a tick by polling leaves in one answer at its end.
///
/// - Isolation: its loop; ``id`` and ``loop`` may be read anywhere.
/// - Limits: ``EngineLimits``.
public final class EngineSession: @unchecked Sendable {
  // What is looked at for each message of a crowd stands together, in front.
  var transports: SessionTransports
  var machine: SessionMachine
  /// Its id, a secret between it and its client.
  public let id: String
  /// The loop that it lives on.
  public let loop: EventLoop
  /// The mount that it was opened at.
  let mount: String

  private let directory: EngineDirectory
  /// The address of a client who is not known yet; nil when he is, or has none.
  private(set) var newcomerFrom: String?
  private let takesBytes: Bool
  private(set) var listener: (any EngineListener)?
  private var timer: LoopTimer?
  private var timerAt = Int64.max
  private var isFlushAsked = false
  let tally: EngineTally
  var countedAs: EngineTally.Transport?

  init(
    directory: EngineDirectory, loop: EventLoop, mount: String, version: EngineVersion, takesBytes: Bool,
    isSocket: Bool, limits: EngineLimits, tally: EngineTally, from address: String = ""
  ) {
    newcomerFrom = address.isEmpty ? nil : IPAddress.block(of: address)
    id = directory.makeID()
    self.directory = directory
    self.loop = loop
    self.mount = mount
    self.tally = tally
    transports = SessionTransports(tally: tally)
    self.takesBytes = takesBytes
    machine = SessionMachine(version: version, isSocket: isSocket, limits: limits, at: loop.now)
  }

  func begin(_ listener: any EngineListener) {
    self.listener = listener
    countedAs = machine.isOnSocket ? .webSocket : .polling
    tally.began(machine.isOnSocket ? .webSocket : .polling)
    arm()
  }

  /// Who listens knows by now who the client is; his session does not count against his address any more.
  public func settle() {
    if let newcomerFrom { directory.settle(newcomerFrom) }
    newcomerFrom = nil
  }

  // MARK: What it is

  /// The revision that its client speaks.
  public var version: EngineVersion { machine.version }

  var limits: EngineLimits { machine.limits }

  /// Whether messages can still be sent.
  public var isOpen: Bool { !machine.isClosed }

  /// Whether its messages go by a WebSocket.
  public var isOnSocket: Bool { machine.isOnSocket }

  /// The WebSocket that carries it, when frames may be given to that past the session: from then on, for good. Whoever
  /// does looks after how much waits there.
  public var socket: WebSocketConnection? { transports.socket?.straight }

  /// Bytes that wait for the client.
  public var queuedBytes: Int { machine.queuedBytes + transports.queuedBytes }

  // MARK: Sending

  /// Sends a message of text; the caller answers for its being UTF-8.
  public func send(text: [UInt8]) { send(.text(text)) }

  /// Sends a message of bytes.
  public func send(binary: [UInt8]) { send(.binary(binary)) }

  /// Sends a message of text that is the same for many: by polling its bytes are shared, by a WebSocket its frame is.
  ///
  /// - Parameter frame: gives the frame of a WebSocket that carries the packet, `4` and the text.
  public func send(text: [UInt8], frame: () -> [UInt8]) {
    guard machine.isOnSocket else { return send(.text(text)) }
    transports.socket?.send(frame: frame(), queueBytesMax: limits.queueBytesMax)
  }

  /// Forgets what waits for a poll, for a client that does not fetch it; what is sent next comes first.
  public func dropQueue() { machine.dropQueue() }

  /// Ends the session after what waits.
  public func close() {
    switch machine.close(at: loop.now) {
    case .nothing: return
    case .closeSocket: over(.closedHere)
    case .flush:
      transports.dropProbe()
      flush()
      tell(.closedHere)
      arm()
    }
  }

  private func send(_ packet: EnginePacket) {
    switch machine.send(packet) {
    case .write: write([packet])
    case .flush: flushSoon()
    case .overflow(let ending):
      // Who sends goes through many sessions, and must not meet the end of this one in the middle.
      loop.execute { [self] in end(ending) }
    case .drop: break
    }
  }

  func write(_ packets: [EnginePacket]) {
    transports.socket?.send(packets, queueBytesMax: limits.queueBytesMax)
  }

  private func flushSoon() {
    guard !isFlushAsked else { return }
    isFlushAsked = true
    loop.atEndOfTick(self)
  }

  private func flush() {
    switch machine.flush() {
    case .nothing: break
    case .answer(let packets): answerPoll(packets)
    case .answerLast(let packets):
      answerPoll(packets)
      over(.closedHere)
    }
  }

  func answerPoll(_ packets: [EnginePacket]?) {
    if let packets { transports.answer(payload(packets)) }
  }

  private func payload(_ packets: [EnginePacket]) -> EnginePayload {
    EnginePayload(packets, version: version, takesBytes: takesBytes)
  }

  // MARK: Requests

  /// The client asks for what waits.
  func pollArrived(_ poll: PendingPoll, stamp: String?) {
    guard !poll.isLost else {
      if !machine.isOnSocket, let ending = machine.transportLost() { end(ending) }
      return poll.complete(.refused(.badRequest))
    }
    switch machine.pollArrived(stamp: stamp, at: loop.now) {
    case .wait: transports.keep(poll)
    case .answer(let packets): poll.complete(.packets(payload(packets)))
    case .answerLast(let packets):
      poll.complete(.packets(payload(packets)))
      over(.closedHere)
    case .overlap(let ending):
      end(ending)
      poll.complete(.refused(.badRequest))
    case .over(let ending):
      end(ending)
      poll.complete(.refused(.unknownSession))
    case .refuse(let refusal): poll.complete(.refused(refusal))
    }
  }

  /// The client of that poll has gone.
  func pollLost(_ lost: PendingPoll) {
    lost.isLost = true
    if transports.lose(lost), let ending = machine.transportLost() { end(ending) }
  }

  /// The client brings packets, or what is none.
  func postArrived(_ packets: Result<[EnginePacket], PacketError>, mark: BodyMark?) -> EngineRefusal? {
    switch machine.postArrived(mark: mark, at: loop.now) {
    case .take: break
    case .repeated: return nil
    case .refuse(let refusal): return refusal
    case .over(let ending):
      end(ending)
      return .unknownSession
    }
    guard case .success(let packets) = packets else {
      if let ending = machine.garbageArrived() { end(ending) }
      return .badRequest
    }
    for packet in packets where !machine.isClosed {
      if received(packet) == .protocolError { return .badRequest }
    }
    return nil
  }

  /// - Returns: why the session is over, when this packet has ended it.
  @discardableResult
  func received(_ packet: EnginePacket) -> EngineEnd? {
    // After a pong the next ping may be due before the answer to the last one would have been.
    defer { arm() }
    switch machine.received(packet, at: loop.now) {
    case .deliver: deliver(packet)
    case .nothing: break
    case .flush: flushSoon()
    case .write(let answer): write([answer])
    case .end(let ending):
      end(ending)
      return ending.reason
    }
    return nil
  }

  private func deliver(_ packet: EnginePacket) {
    switch packet {
    case .text(let text): listener?.received(text: text)
    case .binary(let bytes): listener?.received(binary: bytes)
    case .open, .close, .ping, .pong, .upgrade, .noop: break
    }
  }

  // MARK: Time and end

  /// One timer a session: set anew only when the deadline comes nearer; one that fires too early is set again.
  func arm() {
    guard timer == nil || machine.deadline < timerAt, !machine.isGone else { return }
    timer?.cancel()
    timerAt = machine.deadline
    // Held until it is over: a weak reference would cost each session 80 bytes more.
    timer = loop.schedule(after: timerAt - loop.now) { [self] in timePassed() }
  }

  private func timePassed() {
    timer = nil
    switch machine.timePassed(at: loop.now) {
    case .nothing: break
    case .flush: flush()
    case .write(let packet): write([packet])
    case .dropProbe: transports.dropProbe()
    case .end(let ending): end(ending)
    }
    arm()
  }

  func end(_ ending: SessionMachine.Ending) {
    answerPoll(ending.pollAnswer)
    over(ending.reason)
  }

  func over(_ reason: EngineEnd) {
    timer?.cancel()
    timer = nil
    directory.remove(id)
    settle()
    if let countedAs { tally.ended(reason, countedAs) }
    countedAs = nil
    transports.closeAll(reason)
    tell(reason)
  }

  private func tell(_ reason: EngineEnd) {
    guard let listener else { return }
    self.listener = nil
    listener.closed(reason)
  }
}

extension EngineSession: EndOfTick {
  /// The tick's work is done: what was sent by polling leaves.
  public func endOfTick() {
    isFlushAsked = false
    flush()
  }
}
