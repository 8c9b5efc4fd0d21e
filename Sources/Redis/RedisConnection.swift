import IORuntime

/// Who uses a connection and is told of its life; on its loop.
protocol RedisConnectionOwner: AnyObject {
  /// Redis has greeted us; commands may be submitted.
  func connectionReady(_ connection: RedisConnection)
  /// Something came; true when it answers no command but is a message, and has been dealt with.
  func takesPush(_ reply: RedisReply) -> Bool
  /// Redis has refused a command, in its own words; its sender hears it too.
  func connectionRefused(_ text: String)
  /// It is over, for ever; every command that waited has been told already.
  func connectionEnded(_ connection: RedisConnection, _ error: RedisError, wasReady: Bool)
}

/// One connection to one Redis: commands go out in order, replies are given to them in the same order.
///
/// Whatever goes wrong ends the connection, and an ended one is never used again: a reply that comes late must not be
/// taken for the answer to another question. See ``RedisLink`` for what makes a new one.
///
/// - Limits: ``RedisSettings/pendingMax`` and ``RedisSettings/pendingBytesMax``; a reply as in ``ReplyLimits``.
/// - Isolation: its loop.
/// - Source: reliability.md A3.3, points 7 to 9 and 11.
final class RedisConnection: @unchecked Sendable {
  typealias Handler = (Result<RedisReply, RedisError>) -> Void

  private enum State { case new, opening, greeting, ready, over }

  private struct Pending {
    var repliesLeft: Int
    let deadline: Int64
    let bytes: Int
    let handler: Handler?
  }

  /// Whether Redis has done something of what it was asked for, or told something, after its greeting.
  private(set) var hasAnswered = false
  private let loop: EventLoop
  private let settings: RedisSettings
  private let reader: ReplyReader?
  private weak var owner: (any RedisConnectionOwner)?
  private var state = State.new
  private var wire: Connection?
  private var pending = Fifo<Pending>()
  private var pendingBytes = 0
  private var timer: LoopTimer?
  private var timerDeadline: Int64 = .max
  private var pingTimer: LoopTimer?
  private var openTimer: LoopTimer?
  private var scratch: [UInt8] = []

  init(loop: EventLoop, settings: RedisSettings, owner: any RedisConnectionOwner) {
    self.loop = loop
    self.settings = settings
    self.owner = owner
    reader = ReplyReader(limits: settings.replyLimits)
  }

  /// Where it leads to.
  var address: RedisAddress { settings.address }

  /// Whether commands may be submitted.
  var isReady: Bool { state == .ready }

  // MARK: Commands

  /// Sends a command; `handler` is called once for each reply, or once when there will be none.
  ///
  /// - Throws: `.unavailable` or `.busy`: nothing was sent and `handler` is not called.
  func submit(
    _ command: RedisCommand, replies: Int = 1, deadline: Int64? = nil, _ handler: Handler? = nil
  ) throws(RedisError) {
    guard state == .ready || state == .greeting, let wire else { throw .unavailable }
    guard pending.count < settings.pendingMax, pendingBytes <= settings.pendingBytesMax - command.byteCount else {
      throw .busy
    }
    scratch.removeAll(keepingCapacity: scratch.capacity <= 65_536)
    guard command.format(into: &scratch) else { throw .busy }
    let due = loop.now &+ (deadline ?? settings.replyDeadline)
    pending.append(Pending(repliesLeft: replies, deadline: due, bytes: scratch.count, handler: handler))
    pendingBytes += scratch.count
    if due < timerDeadline { watchDeadline(due) }
    scratch.withUnsafeBytes { wire.send($0) }
  }

  private func take(_ reply: RedisReply) {
    guard state != .over else { return }
    if case .error = reply {} else if state == .ready { hasAnswered = true }
    guard owner?.takesPush(reply) != true else { return }
    guard var oldest = pending.first else { return end(.broken("a reply that nothing asked for")) }
    if case .error(let text) = reply {
      finishOldest()
      owner?.connectionRefused(text)
      oldest.handler?(.failure(.refused(text)))
      // A primary that has become a replica: the address may lead to the new primary by now.
      if text.hasPrefix("READONLY ") { end(.refused(text)) }
      return
    }
    oldest.repliesLeft -= 1
    if oldest.repliesLeft > 0 { pending.replaceFirst(with: oldest) } else { finishOldest() }
    oldest.handler?(.success(reply))
  }

  private func finishOldest() {
    guard let oldest = pending.popFirst() else { return }
    pendingBytes -= oldest.bytes
  }

  // MARK: Life

  /// Connects, encrypted when there is a `tls`, and greets; the owner hears how it went.
  func open(tls: TLSClient?) {
    guard state == .new else { return }
    guard reader != nil else { return loop.execute { self.end(.broken("no memory")) } }
    state = .opening
    openTimer = loop.schedule(after: settings.connectDeadline) { [weak self] in self?.end(.timedOut) }
    let address = SocketAddress.ip(host: settings.host, port: settings.port)
    loop.connect(
      to: address, deadline: settings.connectDeadline, options: RedisConnection.socketOptions, tls: tls
    ) { self.opened($0) }
  }

  private func opened(_ result: Result<Connection, ConnectError>) {
    switch result {
    case .success(let wire):
      // Given up meanwhile: what is let go of before it begins is closed.
      guard state == .opening else { return }
      self.wire = wire
      wire.begin(with: self)
      greet()
    case .failure(let error): end(error == .timedOut ? .timedOut : .unreachable(error.description))
    }
  }

  /// Sent bytes that nobody acknowledges for 4 s mean a dead peer; keepalive says nothing while a write is pending.
  private static let socketOptions: ConnectionOptions = {
    var options = ConnectionOptions()
    options.userTimeout = 4_000
    return options
  }()

  /// Ends it, as if by the network; harmless a second time.
  func end(_ error: RedisError) {
    guard state != .over else { return }
    let wasReady = state == .ready
    state = .over
    for timer in [timer, pingTimer, openTimer] { timer?.cancel() }
    wire?.close()
    wire = nil
    let now = loop.now
    for command in pending.removeAll() {
      let late = error == .timedOut && command.deadline <= now
      command.handler?(.failure(late ? .timedOut : .connectionLost))
    }
    owner?.connectionEnded(self, error, wasReady: wasReady)
  }

  private func greet() {
    state = .greeting
    do {
      for command in greeting {
        try submit(command) { [weak self] in if case .failure(let error) = $0 { self?.end(error) } }
      }
      if let name = settings.clientName { try submit(RedisCommand("CLIENT", "SETNAME", name)) }
      try submit(RedisCommand("PING")) { [weak self] in self?.greeted($0) }
    } catch {
      end(error)
    }
  }

  private var greeting: [RedisCommand] {
    var commands: [RedisCommand] = []
    if let password = settings.password {
      commands.append(RedisCommand(["AUTH"] + (settings.user.map { [$0] } ?? []) + [password]))
    }
    if settings.database != 0 { commands.append(RedisCommand("SELECT", String(settings.database))) }
    return commands
  }

  private func greeted(_ pong: Result<RedisReply, RedisError>) {
    guard state == .greeting else { return }
    switch pong {
    case .success(.status("PONG")): break
    // What a Redis says to PING that cannot write to its disk, and takes no writes for it: it publishes all the same.
    case .failure(.refused(let words)) where words.hasPrefix("MISCONF "): break
    case .failure(let error): return end(error)
    case .success: return end(.broken("the answer to PING is no PONG"))
    }
    openTimer?.cancel()
    state = .ready
    schedulePing()
    owner?.connectionReady(self)
  }

  // MARK: Deadlines

  /// One timer a connection: armed for the earliest deadline, and for the next one when that has been answered.
  private func watchDeadline(_ due: Int64) {
    timer?.cancel()
    timerDeadline = due
    timer = loop.schedule(after: max(0, due &- EventLoop.monotonicMilliseconds())) { [weak self] in
      self?.checkDeadlines()
    }
  }

  private func checkDeadlines() {
    timerDeadline = .max
    guard let earliest = pending.waiting.map(\.deadline).min() else { return }
    if earliest <= loop.now { end(.timedOut) } else { watchDeadline(earliest) }
  }

  private func schedulePing() {
    pingTimer = loop.schedule(after: settings.pingInterval) { [weak self] in self?.ping() }
  }

  private func ping() {
    guard state == .ready else { return }
    // When it is too busy to take a PING, the deadlines of what waits do the same work.
    try? submit(RedisCommand("PING"), deadline: settings.pingDeadline) { [weak self] in self?.ponged($0) }
    schedulePing()
  }

  /// A subscriber's PONG is an array in RESP2; an error (loading, no permission) is a sign of life too.
  private func ponged(_ result: Result<RedisReply, RedisError>) {
    guard case .success(let reply) = result, reply != .status("PONG") else { return }
    guard reply.elements?.first?.text == "pong" else { return end(.broken("the answer to PING is no PONG")) }
  }
}

extension RedisConnection: ConnectionHandler {
  func received(_ bytes: UnsafeRawBufferPointer) {
    do {
      try reader?.feed(bytes) { take($0) }
    } catch {
      end(error)
    }
  }

  func peerFinished() -> HalfClose {
    end(.connectionLost)
    return .close
  }

  func ended(_ reason: ConnectionEnd) { end(.connectionLost) }
}
