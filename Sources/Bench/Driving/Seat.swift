import Client
import Glibc
import HTTP1
import IORuntime
import WebSocket

/// One socket of a run: a user's device that connects, resumes, listens and comes back when it is cut off.
///
/// It holds its connection and its place in the handshake; everything else is the crew's, in flat tables.
///
/// - Isolation: the crew's loop.
final class Seat: ConnectionHandler {
  enum State: UInt8 {
    /// Not connected, and nobody has asked for it.
    case down
    /// From the first packet to the answer to the resume.
    case entering
    case ready
  }

  let index: Int
  let user: Int
  /// The first of its views in the oracle.
  let slot: Int
  private(set) var state = State.down
  /// When it began to connect, in nanoseconds.
  private(set) var begunAt: Int64 = 0
  /// How often in a row it has failed to come in.
  var failures = 0
  /// A target that refuses somebody so often in a row means it, unless it had let him in before.
  static let failuresMax = 5
  /// Whether it has ever come in.
  private(set) var wasIn = false
  /// How often it has connected: a timer of an earlier time must not touch a later one.
  private(set) var times = 0
  private unowned let crew: Crew
  private var connection: Connection?
  private var parser = MessageParser(role: .client)
  private var reader: ReplyReader?
  /// Why it is over, once somebody has said so.
  private var ending: String?

  init(_ crew: Crew, index: Int, user: Int, slot: Int) {
    self.crew = crew
    self.index = index
    self.user = user
    self.slot = slot
  }

  /// Connects to a place; the crew is told `seatReady` or `seatEnded`.
  func connect(to place: Target.Place, from source: String?, tls: TLSClient?, request: [UInt8]) {
    guard state == .down else { return }
    state = .entering
    begunAt = Clock.nanoseconds()
    times &+= 1
    let time = times
    crew.loop.connect(
      to: place.address, deadline: Crew.connectMilliseconds, options: crew.connectionOptions,
      tls: place.isSecure ? tls : nil, from: source
    ) { [weak self] result in
      guard let self, time == times, state == .entering else { return }
      switch result {
      case .success(let connection): connected(connection, request)
      case .failure(let error):
        state = .down
        crew.seatEnded(self, wasReady: false, "failed connect: \(Self.word(error))")
      }
    }
    crew.loop.schedule(after: Crew.connectMilliseconds) { [weak self] in
      guard let self, time == times, state == .entering, let connection else { return }
      end("failed entering: timed out", connection)
    }
  }

  private static func word(_ error: ConnectError) -> String {
    switch error {
    case .failed(let failure): failure.error.description
    case .unknownHost: "unknown host"
    case .timedOut: "timed out"
    case .insecure: "TLS"
    }
  }

  private func connected(_ connection: Connection, _ request: [UInt8]) {
    self.connection = connection
    parser = MessageParser(role: .client)
    reader = ReplyReader()
    ending = nil
    connection.begin(with: self)
    connection.send(request)
  }

  /// The answer to the resume is there.
  func entered() {
    state = .ready
    wasIn = true
    failures = 0
  }

  /// Sends one message, of text unless the wire has bytes.
  func send(_ payload: [UInt8]) {
    guard let connection else { return }
    crew.frame.removeAll(keepingCapacity: true)
    FrameWriter.appendMasked(
      crew.order.wire == .mqtt ? .binary : .text, payload, key: crew.random.next(), to: &crew.frame)
    connection.send(crew.frame)
  }

  /// Loses the connection without a word.
  func cut() { if let connection { end("left", connection) } }

  private func end(_ why: String, _ connection: Connection) {
    ending = ending ?? why
    connection.close()
  }

  /// Leaves politely.
  func leave() {
    guard let connection else { return }
    ending = ending ?? "left"
    crew.frame.removeAll(keepingCapacity: true)
    FrameWriter.appendMasked(.close, FrameWriter.closePayload(.normal), key: crew.random.next(), to: &crew.frame)
    connection.send(crew.frame)
    connection.closeAfterFlush(deadline: 1_000)
  }

  // MARK: What arrives

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard reader == nil else { return handshake(bytes) }
    read(UnsafeMutableRawBufferPointer(mutating: bytes))
  }

  private func handshake(_ bytes: UnsafeRawBufferPointer) {
    reader?.append(bytes)
    switch reader?.next() {
    case .reply(let reply) where reply.status == 101:
      var rest = reader?.takeRest() ?? []
      reader = nil
      crew.seatUpgraded(self)
      rest.withUnsafeMutableBytes { read($0) }
    case .reply(let reply): refused("handshake \(reply.status)")
    case .failed: refused("handshake without HTTP")
    default: return
    }
  }

  /// What the target says is no good; the connection ends.
  func refused(_ why: String) {
    if let connection { end("refused \(why)", connection) }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    let now = Clock.nanoseconds()
    var offset = 0
    while true {
      switch parser.next(bytes, from: &offset) {
      case .needMore: return
      case .text(let payload), .binary(let payload):
        payload.withBytes(in: bytes) { crew.received($0, at: self, now) }
      case .ping(let payload):
        crew.frame.removeAll(keepingCapacity: true)
        FrameWriter.appendMasked(.pong, payload.array(in: bytes), key: crew.random.next(), to: &crew.frame)
        connection?.send(crew.frame)
      case .pong: continue
      case .close(let code, _):
        ending = ending ?? "closed \(code?.rawValue ?? CloseCode.noStatus.rawValue)"
        connection?.closeAfterFlush(deadline: 1_000)
        return
      case .failed:
        if let connection { end("broken frames", connection) }
        return
      }
    }
  }

  func ended(_ reason: ConnectionEnd) {
    connection = nil
    reader = nil
    let wasReady = state == .ready
    state = .down
    crew.seatEnded(self, wasReady: wasReady, ending ?? "closed \(CloseCode.abnormal.rawValue)")
  }
}

/// The machine's monotonic clock, which all processes share.
enum Clock {
  static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
