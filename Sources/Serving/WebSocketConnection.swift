import IORuntime
import WebSocket

/// A WebSocket on a loop: messages in, frames out; it answers pings and closes by the book.
///
/// Frames gather during a tick and leave in one `send`. A frame for many is encoded once and passed as bytes. Idle, it
/// holds no buffer, and nothing of the request that it began with, which is a kilobyte.
///
/// - Isolation: its loop. Nothing here waits or fails; once closed, calls do nothing.
public final class WebSocketConnection: @unchecked Sendable {
  // What is looked at for each message of a crowd stands together, in front.
  private let connection: Connection
  private var isClosing = false
  private let server: HTTPServer
  /// What the limit of connections counts it as; nil for a proxy.
  private let block: String?
  private let deflater: MessageDeflater?
  // The parser calls nobody back.
  @exclusivity(unchecked) private var parser: MessageParser
  private var handler: (any WebSocketHandler)?
  /// What came while reading rested.
  private var backlog: [UInt8] = []
  private var isPaused = false
  /// Whether it has had its share of this turn of the loop, and more waits.
  private var isResting = false
  private var controlFrames: (second: UInt32, count: UInt32) = (0, 0)
  /// How much of the backlog has been read.
  private var backlogRead: UInt32 = 0

  /// Messages of one connection that are read in one turn of the loop: a few tenths of a millisecond's worth. Some
  /// hundreds may come at once, and several connections' hundreds in one turn.
  static let messagesAtOnce = 16
  /// Text shorter than this is not worth compressing: 64 bytes.
  private static let compressedFrom = 64

  init(
    server: HTTPServer, connection: Connection, agreement: Handshake.Agreement, limits: MessageLimits,
    countedAs block: String?
  ) {
    self.server = server
    self.connection = connection
    self.block = block
    deflater = agreement.compression?.deflater(for: .server)
    parser = MessageParser(role: .server, limits: limits, inflater: agreement.compression?.inflater(for: .server))
  }

  func begin(_ listener: (WebSocketConnection) -> any WebSocketHandler) { handler = listener(self) }

  // MARK: What it is

  /// Whether frames can still be sent.
  public var isOpen: Bool { !isClosing }

  /// Whether its messages are compressed: then a frame that was encoded for many is none for it.
  public var compresses: Bool { deflater != nil }

  /// Bytes that wait and that the kernel has not taken.
  public var queuedBytes: Int { connection.queuedBytes }

  /// Whether more waits than should; ``WebSocketHandler/drained()`` tells when not.
  public var isCongested: Bool { connection.isCongested }

  /// The loop that it lives on.
  public var loop: EventLoop { connection.loop }

  // MARK: Sending

  /// Sends a text message; the caller answers for its being UTF-8.
  public func send(text: [UInt8]) { send(.text, text) }

  /// Sends a binary message.
  public func send(binary: [UInt8]) { send(.binary, binary) }

  /// Sends a text message whose bytes stand elsewhere; the caller answers for their being UTF-8.
  public func send(text: Span<UInt8>) { send(.text, text) }

  /// Sends a binary message whose bytes stand elsewhere.
  public func send(binary: Span<UInt8>) { send(.binary, binary) }

  /// Sends a frame that was encoded once for many.
  public func send(frame: [UInt8]) {
    guard isOpen else { return }
    connection.send(frame)
  }

  /// Sends a frame that was encoded once for many, and says how many bytes wait that the kernel has not taken.
  public func queue(frame: [UInt8]) -> Int {
    guard isOpen else { return 0 }
    connection.send(frame)
    return connection.queuedBytes
  }

  /// Where the connection's memory begins, which each frame uses.
  public var socketAddress: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(connection).toOpaque()) }

  /// Asks whether the client lives; ``WebSocketHandler/receivedPong()`` tells.
  ///
  /// - Limits: a payload of at most 125 bytes; a longer one is cut.
  public func ping(_ payload: [UInt8] = []) {
    send(frame: FrameWriter.frame(.ping, Array(payload.prefix(MessageLimits.controlBytesMax))))
  }

  /// Sends what waits, then a close frame, and ends; the listener hears ``WebSocketEnd/closedHere(_:)`` soon after.
  public func close(_ code: CloseCode?, reason: String = "") {
    guard isOpen else { return }
    finish(code, reason)
    connection.loop.execute { [self] in tell(.closedHere(code)) }
  }

  private func send(_ opcode: Opcode, _ payload: [UInt8]) {
    guard isOpen else { return }
    if payload.count >= WebSocketConnection.compressedFrom, let data = deflater?.deflate(payload) {
      connection.send(FrameWriter.frame(opcode, data, isCompressed: true))
    } else {
      connection.send(FrameWriter.frame(opcode, payload))
    }
  }

  private func send(_ opcode: Opcode, _ payload: Span<UInt8>) {
    guard isOpen else { return }
    guard deflater == nil else { return send(opcode, payload.withUnsafeBufferPointer { Array($0) }) }
    connection.send(FrameWriter.frame(opcode, payload))
  }

  private func finish(_ code: CloseCode?, _ reason: String) {
    var frame: [UInt8] = []
    FrameWriter.appendClose(code, reason: reason, to: &frame)
    connection.send(frame)
    isClosing = true
    backlog = []
    connection.closeAfterFlush(deadline: server.limits.lingerMilliseconds)
  }

  private func tell(_ end: WebSocketEnd) {
    guard let handler else { return }
    self.handler = nil
    handler.closed(end)
  }

  /// Ends without a good-bye.
  func abandon() { connection.close() }

  // MARK: Reading

  /// Takes no more messages for now; the client is slowed down.
  public func pauseReading() {
    guard isOpen, !isPaused else { return }
    isPaused = true
    connection.pauseReading()
  }

  /// Takes messages again, soon after this call.
  public func resumeReading() {
    guard isOpen, isPaused else { return }
    isPaused = false
    guard !isResting else { return }
    connection.resumeReading()
    if !backlog.isEmpty { connection.loop.execute { [self] in readBacklog() } }
  }

  /// Leaves the rest for the next turn of the loop, after what others have sent meanwhile.
  private func rest() {
    isResting = true
    connection.pauseReading()
    connection.loop.schedule(after: 0) { [self] in
      isResting = false
      readBacklog()
      if !isPaused, !isResting { connection.resumeReading() }
    }
  }

  /// The peer has come to its end: what it said before is heard without rest, unless the handler wants no more yet.
  private func readLast() {
    isResting = false
    readBacklog(atMost: .max)
  }

  private func readBacklog(atMost most: Int = WebSocketConnection.messagesAtOnce) {
    guard !isPaused, !isResting, !backlog.isEmpty else { return }
    // Kept as it is and read on from there: its rest would be copied once for each few messages of it.
    var waiting = backlog
    backlog = []
    let end = waiting.withUnsafeMutableBytes { read($0, from: Int(backlogRead), atMost: most) }
    backlogRead = 0
    guard end < waiting.count, !isClosing else { return }
    backlog = waiting
    backlogRead = UInt32(truncatingIfNeeded: end)
  }

  /// Reads until all is used up or reading rests, and says up to where.
  private func read(
    _ input: UnsafeMutableRawBufferPointer, from start: Int = 0, atMost most: Int = WebSocketConnection.messagesAtOnce
  ) -> Int {
    var (offset, left) = (start, most)
    while !isClosing, !isPaused, !isResting {
      let event = parser.next(input, from: &offset)
      if case .needMore = event { return input.count }
      take(event, input)
      left -= 1
      if left == 0, offset < input.count, isOpen { rest() }
    }
    return offset
  }

  private func take(_ event: MessageEvent, _ input: UnsafeMutableRawBufferPointer) {
    switch event {
    case .needMore: break
    case .text(let payload):
      payload.withBytes(in: input) { handler?.received(text: $0.bindMemory(to: UInt8.self).span) }
    case .binary(let payload):
      payload.withBytes(in: input) { handler?.received(binary: $0.bindMemory(to: UInt8.self).span) }
    case .ping where isControlFlood(), .pong where isControlFlood():
      fail(ProtocolFailure(.policyViolation, "too many control frames"))
    case .ping(let payload):
      // A client that asks and never reads gets no further answers.
      guard connection.queuedBytes <= server.limits.queuedPongBytesMax else { return }
      connection.send(FrameWriter.frame(.pong, payload.array(in: input)))
    case .pong: handler?.receivedPong()
    case .close(let code, let reason):
      finish(code, "")
      tell(.closedByClient(code, reason: reason))
    case .failed(let failure): fail(failure)
    }
  }

  private func fail(_ failure: ProtocolFailure) {
    server.counts.broken[failure.code.rawValue, default: 0] += 1
    finish(failure.code, failure.reason)
    tell(.broken(failure))
  }

  private func isControlFlood() -> Bool {
    let second = UInt32(truncatingIfNeeded: loop.now / 1_000)
    if second != controlFrames.second { controlFrames = (second, 0) }
    controlFrames.count &+= 1
    return Int(controlFrames.count) > server.limits.controlFramesPerSecondMax
  }
}

extension WebSocketConnection: ConnectionHandler {
  /// Bytes came.
  public func received(_ bytes: UnsafeRawBufferPointer) {
    guard backlog.isEmpty else {
      backlog.removeFirst(Int(backlogRead))
      backlogRead = 0
      return backlog.append(contentsOf: bytes)
    }
    let end = read(UnsafeMutableRawBufferPointer(mutating: bytes))
    if !isClosing { backlog.append(contentsOf: bytes[end...]) }
  }

  /// The send queue is down.
  public func drained() { handler?.drained() }

  /// The peer will send no more; what it has sent is still answered.
  public func peerFinished() -> HalfClose {
    readLast()
    return .close
  }

  /// The connection is over.
  public func ended(_ reason: ConnectionEnd) {
    switch reason {
    case .closedByPeer, .failed, .insecure: readLast()
    case .closedHere, .flushTimedOut, .queueFull, .loopStopped: break
    }
    isClosing = true
    backlog = []
    tell(.lost(reason))
    server.ended(self, block: block)
  }
}
