import ChatCore
import Delivery
import HTTP1
import JSONText

/// One client's socket in a dialect: who speaks there, which conversations he has entered, what he is told.
///
/// Actions are done one after the other, as the old servers did. Live delivery begins when the session is bound to a
/// user, and before the client hears that it is in; what came earlier is history.
///
/// - Isolation: one loop.
/// - Limits: ``actionsWaitingMax``, ``actionBytesMost``, ``enteredMax``, ``proofWithin``, ``restAfterHaste``.
public final class DialectSession: SessionPort, @unchecked Sendable {
  /// How long a client may stay before it has proven who it is.
  static let proofWithin: Milliseconds = 10_000
  /// How long a plain WebSocket may stay without saying who it is: who is asked for a name and a PIN may look for them.
  static let namelessMax: Milliseconds = 300_000
  /// Between two pings, on a carrier that has none of its own.
  static let pingEvery: Milliseconds = 25_000

  let door: DialectDoor
  let peer: String
  private let handshake: Request
  /// What the request said that opened the socket.
  let trace: TraceParent?
  private(set) var transport: (any DialectTransport)?
  private(set) var seat: HubSession?
  /// Who speaks here, once it is known and live.
  private(set) var user: User?
  private(set) var caller: Caller?
  /// What it is inside of, and the last entry of each log from before: who comes in is told what comes after, although
  /// what was said before may still be on its way from another node.
  var entered: [ConversationID: Int64] = [:]
  /// The secret by which the client may come back to what it has entered.
  var pid: String?
  /// Those whom it watches, or asks whether it may.
  var watching = Set<UserID>()
  /// Those of whom the hub tells it, each once.
  var watched: [UserID] = []
  /// Those of whom the client has been told that they are there.
  var online = Set<UserID>()
  /// Those of whom it was told so before it was told of them no more.
  var lastSeen = Set<UserID>()
  /// Its calls of the roll that are under way.
  var rolls: [ConversationID: Roll] = [:]
  private let begunAt: Milliseconds
  private(set) var isIn = false
  private var isBinding = false
  /// What has come since a plain WebSocket was bound, whose client hears the answer to its action first.
  private var held: [EncodedFrame]?
  var actions: [Work] = []
  var isWorking = false
  /// Whether the client is not read from.
  var isPaused = false
  private var resuming: UnsafeContinuation<ResumeOutcome, Never>?
  private var awaitingProof: [UnsafeContinuation<Void, Never>] = []
  var lastHeard: Milliseconds
  private var pings: (any Cancellable)?

  init(_ door: DialectDoor, _ transport: any DialectTransport, _ request: Request) {
    self.door = door
    self.transport = transport
    handshake = request
    trace = TraceParent(request.headers["traceparent"])
    peer = request.peer
    begunAt = door.ports.now
    lastHeard = begunAt
  }

  var mount: Mount { door.mount }
  var isOver: Bool { transport == nil }

  // MARK: Coming in

  /// A plain WebSocket is open: the client is in, and an action says who it is.
  func opened() {
    isIn = true
    schedulePing()
  }

  /// A client of Socket.IO asks to come in.
  public func asked(auth: JSONValue?) {
    let token = token(in: handshake, auth)
    if token == nil, mount.dialect.credential.isProvenLater {
      isIn = true
      transport?.accept(pid: nil)
      return
    }
    door.ports.spawn { [self] in
      do {
        try await bind(try await mount.caller(token, "connect"))
        letIn(auth?["pid"]?.string)
      } catch {
        turnedDown(error)
      }
    }
  }

  /// Who may prove it later comes in with a credential that is no longer good, too; what will be over some day sends
  /// nobody away for good: a client that is refused never comes again, one whose connection broke does.
  private func turnedDown(_ error: any Error) {
    switch error as? ChatError {
    case .unavailable, .rateLimited, .internalError: return close()
    case nil where !(error is Refusal): return close()
    case .notFound, .forbidden, .conflict, .invalid, .tooLarge, .unauthenticated, .timedOut, nil: break
    }
    if mount.dialect.credential.isProvenLater, error is Refusal {
      isIn = true
      transport?.accept(pid: nil)
    } else {
      transport?.refuse()
      ended()
    }
  }

  /// The session went on to a WebSocket, whose request may bring the cookie that the first one could not.
  public func upgraded(by request: Request) {
    guard caller == nil, !isBinding, isIn, let token = token(in: request, nil) else { return }
    door.ports.spawn { [self] in
      guard let caller = try? await mount.caller(token, "connect") else { return }
      try? await bind(caller)
    }
  }

  private func token(in request: Request, _ auth: JSONValue?) -> Result<String, CredentialFault.Carried>? {
    var head = request
    head.body = []
    let parameters = (try? Parameters(of: head)) ?? Parameters()
    let places = Credential.believed(mount.dialect.credential.sockets, request.headers, mount.crossOrigin)
    return Credential.token(in: places, headers: request.headers, parameters: parameters, auth: auth)
  }

  private func letIn(_ old: String?) {
    guard let transport else { return }
    isIn = true
    transport.accept(pid: takeRooms(under: old))
    if let action = door.action(Action.connect) { enqueue(action) }
  }

  /// Begins live delivery for that user, from now on; nothing of it stays when it cannot.
  func bind(_ caller: Caller) async throws {
    guard self.caller == nil, !isBinding else { throw Refusal(409, "Already logged in") }
    isBinding = true
    defer { isBinding = false }
    let user = try await ShowMe().run(in: mount.chat, as: caller)
    // Before it follows its conversations, so that the lobby is one of them.
    if mount.dialect.hasRooms { await joinLobby(caller) }
    guard !isOver else { return }
    if mount.dialect.carrier == .typedJSON { held = [] }
    let seat = door.hub.attach(
      self, user: user.id, signIn: caller.session, ownConversation: user.ownConversation, format: door.format)
    self.seat = seat
    self.user = user
    if let error = DialectSession.fault(in: await resume(seat)) {
      door.hub.detach(seat)
      (self.seat, self.user, held) = (nil, nil, nil)
      throw error
    }
    guard !isOver else { return }
    self.caller = caller
    transport?.settle()
    proven()
  }

  private static func fault(in outcome: ResumeOutcome) -> ChatError? {
    switch outcome {
    case .resumed: nil
    case .busy(let after): .unavailable(.node, retryAfter: after)
    case .failed(let error): error
    case .invalidHead: .internalError("a dialect's session has no heads")
    }
  }

  private func resume(_ seat: HubSession) async -> ResumeOutcome {
    await withUnsafeContinuation { continuation in
      resuming = continuation
      door.hub.resume(seat, heads: [:]) { [weak self] in self?.resumed($0) }
    }
  }

  private func resumed(_ outcome: ResumeOutcome) {
    let waiting = resuming
    resuming = nil
    waiting?.resume(returning: outcome)
  }

  /// Waits until it is known who speaks here.
  func proof() async -> Caller? {
    let left = begunAt + DialectSession.proofWithin - door.ports.now
    guard caller == nil, !isOver, left > 0 else { return caller }
    door.ports.schedule(after: left) { [weak self] in self?.proven() }
    await withUnsafeContinuation { awaitingProof.append($0) }
    return caller
  }

  private func proven() {
    let waiting = awaitingProof
    awaitingProof = []
    for one in waiting { one.resume() }
  }

  // MARK: What the hub says

  /// Bytes that wait for the client.
  public var queuedBytes: Int {
    (transport?.queuedBytes ?? 0) + (held ?? []).reduce(0) { $0 + $1.bytes.count }
  }

  /// Puts what is for this session of an event into its send queue.
  public func deliver(_ frame: EncodedFrame) -> Int {
    guard let transport, isIn else { return 0 }
    guard held == nil else {
      held?.append(frame)
      return queuedBytes
    }
    guard let addressed = frame.addressed as? AddressedFrames else { return transport.queuedBytes }
    if let presence = addressed.presence, !isNews(presence) { return transport.queuedBytes }
    if let call = addressed.call { hear(call) }
    for part in addressed.parts where hears(part.audience, addressed.seq) {
      if let frame = part.frame { transport.send(frame) }
      if let personal = part.personal, let user {
        transport.send(personal(user.username).text(in: mount.dialect.carrier))
      }
      if !part.watching.isEmpty { watch(part.watching) }
    }
    return transport.queuedBytes
  }

  /// An action has been answered: now comes what was told meanwhile.
  func release() {
    guard caller != nil, let frames = held else { return }
    held = nil
    for frame in frames { _ = deliver(frame) }
  }

  private func hears(_ audience: Audience, _ seq: Int64?) -> Bool {
    switch audience {
    case .everyone: true
    case .others(let user): user != self.user?.id
    case .only(let user): user == self.user?.id
    case .inside(let conversation): entered[conversation].map { seq ?? .max > $0 } ?? false
    }
  }

  /// The hub has let go of the session.
  public func end(_ reason: EndReason) { close() }

  // MARK: The end

  /// Ends it; the client may come back.
  func close() {
    transport?.close()
    ended()
  }

  /// The transport is gone, by whoever's doing.
  public func transportClosed() { ended() }

  private func ended() {
    guard transport != nil else { return }
    transport = nil
    pings?.cancel()
    pings = nil
    keepRooms()
    if let seat { door.hub.detach(seat) }
    seat = nil
    held = nil
    unwatchAll()
    resumed(.failed(.unavailable(.node, retryAfter: 0)))
    proven()
    door.ended(self)
    if caller != nil, let action = door.action(Action.disconnect) {
      actions.removeAll()
      enqueue(action)
    }
  }

  /// Lets the actions that wait wait a little longer.
  func pause(_ span: Milliseconds) async {
    await withUnsafeContinuation { continuation in
      door.ports.schedule(after: span) { continuation.resume() }
    }
  }

  private func schedulePing() {
    pings = door.ports.schedule(after: DialectSession.pingEvery) { [weak self] in
      guard let self, let transport else { return }
      let now = door.ports.now
      // Who is not read from cannot be heard.
      if now - lastHeard > DialectSession.pingEvery * 2, !isPaused { return close() }
      if caller == nil, now - begunAt > DialectSession.namelessMax { return close() }
      transport.ping()
      schedulePing()
    }
  }
}
