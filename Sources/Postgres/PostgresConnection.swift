import CPostgres
import Glibc
import IORuntime

/// One connection in pipeline mode on a loop: statements go out without waiting for earlier ones' answers.
///
/// Once something goes wrong with it (lost, too late, not understood) it is closed for ever; nobody ever reads a late
/// answer that was meant for somebody else. Most callers want a ``PostgresPool``.
///
/// - Isolation: entered on its loop only.
final class PostgresConnection: @unchecked Sendable {
  enum State {
    case resolving, connecting, checking, ready, closed
  }

  let loop: EventLoop
  let settings: PostgresSettings
  private let target: ConnectTarget
  /// The target's place in the URL.
  let host: Int
  /// Whether a worker of a Citus will not do.
  private let seeksCoordinator: Bool
  /// Which of the host's addresses is tried, counted round.
  private let addressIndex: Int
  private(set) weak var owner: (any ConnectionOwner)?
  private(set) var state = State.resolving
  private(set) var notices = 0
  /// Whether the server is a node of a Citus; known when it is ready.
  private(set) var isCitus = false

  var handle: OpaquePointer?
  private var watch: Watch?
  private var watchesWriting = false
  private var connectTimer: LoopTimer?
  /// Whether the server itself said no to connecting (password, too many connections, starting up).
  private(set) var wasTurnedAway = false
  private var sweepTimer: LoopTimer?
  /// Sent and not yet answered, oldest first.
  // The queues and what is counted beside them call nobody back, and each flight is a dozen accesses.
  @exclusivity(unchecked) private(set) var flights = Fifo<Flight>()
  /// The single answers that libpq will give, in order.
  @exclusivity(unchecked) var expected = Fifo<Expected>()
  /// Of ``flights``, how many at the end have no Sync yet.
  @exclusivity(unchecked) var unsealed = 0
  /// Of those that end with the next Sync, how many have all answers but that.
  @exclusivity(unchecked) var answered = 0
  /// How often in a row something came though nothing was asked.
  var unasked = 0
  var prepared: Set<String> = []
  let arena = ParameterArena()
  /// Held by one transaction, or kept free for one that waits.
  @exclusivity(unchecked) var isReserved = false
  /// Given up: it ends when what is under way is answered.
  @exclusivity(unchecked) var isRetiring = false

  /// Whether statements of any caller may go out on it.
  var isOpenToAll: Bool { !isReserved && !isRetiring }

  /// One answer of libpq.
  enum Expected {
    case preparing(Statement), script
    /// Whether it is the last of its flight.
    case statement(Statement, isLast: Bool)
    /// It ends so many flights.
    case sync(Int)
  }

  init(
    loop: EventLoop, settings: PostgresSettings, target: ConnectTarget, host: Int, addressIndex: Int,
    seeksCoordinator: Bool, owner: any ConnectionOwner
  ) {
    self.loop = loop
    self.host = host
    self.seeksCoordinator = seeksCoordinator
    self.addressIndex = addressIndex
    self.settings = settings
    self.target = target
    self.owner = owner
  }

  /// How many flights are under way.
  var load: Int { flights.count }

  /// What its flights may have to wait for, weighed; what carries most is chosen last.
  @exclusivity(unchecked) private(set) var burden = 0

  /// The oldest flight that has not all its answers, else the oldest.
  var oldest: Flight? { flights[answered] ?? flights.first }

  /// When the oldest flight was sent; what is stuck is chosen last.
  var oldestSent: Int64? { oldest?.sent }

  /// How the transaction that has it may wait for a lock.
  var sitting = PostgresPool.Sitting.briefly

  func append(_ flight: Flight) {
    flight.sent = EventLoop.monotonicMilliseconds()
    burden += flight.waits.burden
    flights.append(flight)
  }

  func popFlight() -> Flight? {
    guard let flight = flights.popFirst() else { return nil }
    burden -= flight.waits.burden
    return flight
  }

  // MARK: Connecting

  /// Begins to connect; the owner hears of the outcome.
  func connect() {
    connectTimer = loop.schedule(after: settings.connectTimeout) { [weak self] in
      self?.close(.unavailable("no answer to connecting in time"))
    }
    guard target.needsResolving, let host = target.host else { return start(address: nil) }
    HostLookup.addresses(of: host, on: loop) { [self] addresses in
      guard state == .resolving else { return }
      guard !addresses.isEmpty else { return close(.unavailable("unknown host \(host)")) }
      start(address: addresses[addressIndex % addresses.count])
    }
  }

  private func start(address: String?) {
    state = .connecting
    guard let handle = target.start(address: address) else { return close(.unavailable("out of memory")) }
    self.handle = handle
    guard PQstatus(handle) != CONNECTION_BAD else { return close(connectFailure(handle)) }
    PQsetNoticeReceiver(
      handle,
      { context, _ in
        guard let context else { return }
        Unmanaged<PostgresConnection>.fromOpaque(context).takeUnretainedValue().notices += 1
      }, Unmanaged.passUnretained(self).toOpaque())
    watchSocket(.write)
  }

  private func pollConnecting() {
    guard let handle else { return }
    // libpq may close its socket and open another one with the same number: the old watch must be gone before.
    stopWatching()
    let stage = PQstatus(handle)
    switch PQconnectPoll(handle) {
    case PGRES_POLLING_READING: watchSocket(.read)
    case PGRES_POLLING_WRITING: watchSocket(.write)
    case PGRES_POLLING_OK: connected(handle)
    default:
      wasTurnedAway = stage == CONNECTION_AWAITING_RESPONSE || stage == CONNECTION_AUTH_OK
      close(connectFailure(handle))
    }
  }

  func stopWatching() {
    watch?.end()
    watch = nil
  }

  private func watchSocket(_ interest: PollEvents) {
    guard let handle else { return }
    do {
      watch = try loop.watch(PQsocket(handle), interest, self)
    } catch {
      close(.unavailable("\(error)"))
    }
  }

  private func connected(_ handle: OpaquePointer) {
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
      return close(.unavailable("no pipeline mode"))
    }
    watchSocket(.read)
    guard state == .connecting else { return }
    state = .checking
    let deadline = EventLoop.monotonicMilliseconds() + settings.connectTimeout
    submit(Flight(.statements([(SessionCheck.statement, [])]), deadline: deadline) { [self] in checked($0) })
  }

  private func checked(_ result: Result<[Rows], PostgresError>) {
    guard state == .checking else { return }
    do {
      isCitus = try SessionCheck.verify(try result.get(), settings)
    } catch {
      return close(SessionCheck.meaning(of: error))
    }
    guard isCitus, seeksCoordinator else { return becomeReady() }
    let deadline = EventLoop.monotonicMilliseconds() + settings.connectTimeout
    submit(Flight(.statements([(SessionCheck.group, [])]), deadline: deadline) { [self] in foundGroup($0) })
  }

  private func foundGroup(_ result: Result<[Rows], PostgresError>) {
    guard state == .checking else { return }
    do {
      try SessionCheck.verifyCoordinator(try result.get())
    } catch {
      return close(error)
    }
    becomeReady()
  }

  private func becomeReady() {
    connectTimer?.cancel()
    connectTimer = nil
    state = .ready
    owner?.connectionReady(self)
  }

  /// libpq's words name host, user and database, never the password.
  private func connectFailure(_ handle: OpaquePointer) -> PostgresError {
    let text = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
    let lines = text.split(separator: "\n").joined(separator: " ")
    return .unavailable(lines.isEmpty ? "cannot connect" : lines)
  }

  // MARK: Reading and writing

  /// Sends what libpq has gathered; asks to be told when the socket takes more.
  func flush() {
    guard let handle else { return }
    switch PQflush(handle) {
    case 0: setWatchesWriting(false)
    case 1: setWatchesWriting(true)
    default: close(lostError())
    }
  }

  private func setWatchesWriting(_ wanted: Bool) {
    guard wanted != watchesWriting else { return }
    watchesWriting = wanted
    watch?.change(to: wanted ? [.read, .write] : .read)
  }

  /// What libpq says of the lost connection; reads the handle anew, since taking answers may have closed it.
  func lostError() -> PostgresError {
    let text = handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""
    return .lost(text.split(separator: "\n").first.map(String.init) ?? "closed by the server")
  }

  // MARK: Deadlines and the end

  /// Looks ten times a second whether a flight is too late; one timer a connection instead of one a flight.
  func scheduleSweep() {
    guard sweepTimer == nil, !flights.isEmpty else { return }
    sweepTimer = loop.schedule(after: 100) { [weak self] in
      guard let self else { return }
      sweepTimer = nil
      let now = loop.now
      if flights.contains(where: { $0.deadline <= now }) { return close(.timeout(sent: true)) }
      scheduleSweep()
    }
  }

  /// Ends the connection; flights under way are failed, those not yet due as lost.
  func close(_ error: PostgresError) {
    guard state != .closed else { return }
    let wasReady = state == .ready
    state = .closed
    connectTimer?.cancel()
    sweepTimer?.cancel()
    stopWatching()
    if let handle { PQfinish(handle) }
    handle = nil
    let now = EventLoop.monotonicMilliseconds()
    if case .timeout = error { for suspect in suspects { suspect.hangs = true } }
    (unsealed, answered) = (0, 0)
    var abandoned: [Flight] = []
    while let flight = popFlight() { abandoned.append(flight) }
    owner?.connectionClosed(self, error, wasReady: wasReady)
    for flight in abandoned {
      let failure = flight.deadline <= now ? PostgresError.timeout(sent: true) : .lost(PostgresConnection.reason(error))
      if let owner { owner.abandoned(flight, failure) } else { flight.complete(with: failure) }
    }
  }

  private static func reason(_ error: PostgresError) -> String {
    switch error {
    case .lost(let reason), .unavailable(let reason): reason
    case .timeout: "an earlier statement was not answered in time"
    default: "\(error)"
    }
  }
}

extension PostgresConnection: Pollable {
  func ready(_ events: PollEvents) {
    switch state {
    case .connecting: pollConnecting()
    case .checking, .ready: transfer(events)
    case .resolving, .closed: break
    }
  }
}
