import ChatCore

/// The rooms and sessions of one loop: hears the broker, repairs from the log, and fans out.
///
/// A session is attached once it is authenticated, joined to its user's conversations by ``resume(_:heads:done:)``, and
/// from then on follows his coming and going by itself: the entries of his self conversation and of the rooms say it.
///
/// - Isolation: one loop; every method is called on it. Nothing here waits; reads of the log are tasks on the same
///   loop.
public final class Hub: @unchecked Sendable {
  /// What bounds this hub.
  public let limits: DeliveryLimits
  let ports: any LoopPorts
  let broker: any Broker
  private let log: any LogStore
  private let conversations: any ConversationStore
  var facts: FactReader { FactReader(conversations: conversations) }
  private let contacts: any ContactStore
  private let signIns: any SessionStore
  let presence: any PresenceDirectory
  /// Told of each who is no longer a member of a room of this loop, as soon as the room hears of it.
  public var memberLeft: ((UserID, ConversationID) -> Void)?
  /// Whom the sessions of this loop watch.
  var watched = WatchList<HubSession>()

  var rooms = RoomTable()
  private var sessions = SessionTable()
  var counts = DeliveryCounts()
  /// What all rooms hold together of what came too early.
  var heldBytes = 0
  /// Sessions whose queue was found over the limit in this turn.
  var slowReaders: [HubSession] = []
  private(set) lazy var reader = LogReader(hub: self, log: log)
  private(set) lazy var headCheck = HeadCheck(hub: self, log: log)
  private(set) lazy var draining = DrainPoll(hub: self)
  private(set) lazy var signOutCheck = SignOutCheck(hub: self, store: signIns)
  private(set) lazy var late = LateDesk(hub: self, conversations: conversations)
  private(set) lazy var desk = ResumeDesk(hub: self, conversations: conversations)
  private(set) lazy var rights = RightsDesk(
    hub: self, rights: PresenceRights(conversations: conversations, contacts: contacts))
  private var isInterrupted = false
  private var housekeeping: (timer: any Cancellable, at: Milliseconds)?

  /// Makes a hub; it hears nothing until ``start()``.
  public init(
    ports: any LoopPorts, broker: any Broker, log: any LogStore, conversations: any ConversationStore,
    contacts: any ContactStore, signIns: any SessionStore, presence: any PresenceDirectory = NoPresence(),
    limits: DeliveryLimits = DeliveryLimits()
  ) {
    self.ports = ports
    self.broker = broker
    self.log = log
    self.conversations = conversations
    self.contacts = contacts
    self.signIns = signIns
    self.presence = presence
    self.limits = limits
  }

  /// Attaches to the broker and begins the periodic checks.
  public func start() {
    broker.attach(self)
    presence.attach(self)
    scheduleHousekeeping()
    signOutCheck.schedule()
  }

  /// Compares heads together with the other loops of the node; called once, before ``start()``.
  ///
  /// - Parameter execute: runs what it is given on this hub's loop; called on other loops.
  public func share(
    _ round: HeadRound, executing execute: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
  ) {
    headCheck.join(round, execute)
  }

  /// Ends the periodic checks; sessions that are still attached get what the broker brings, nothing else.
  public func stop() {
    housekeeping?.timer.cancel()
    housekeeping = nil
    signOutCheck.stop()
    late.stop()
    headCheck.leave()
  }

  /// What has been done so far, and what is held now.
  public var report: DeliveryCounts {
    var now = counts
    now.rooms = rooms.all.count
    now.sessions = sessions.count
    now.watched = watched.count
    return now
  }

  // MARK: Sessions

  /// Takes in an authenticated session; it hears signals at once, and entries after ``resume(_:heads:done:)``.
  ///
  /// - Parameter showsPresence: whether its user is online while it is attached.
  public func attach(
    _ port: any SessionPort, user: UserID, signIn: SessionID, ownConversation: ConversationID, format: WireFormat,
    showsPresence: Bool = true
  ) -> HubSession {
    let session = HubSession(
      user: user, signIn: signIn, ownConversation: ownConversation, format: format, showsPresence: showsPresence,
      port: port)
    if sessions.add(session) { broker.follow(.user(user)) }
    if showsPresence { presence.arrived(user) }
    return session
  }

  /// The session speaks through another sign-in session of the same user from now on.
  public func renew(_ session: HubSession, signIn: SessionID) { session.speaks(through: signIn) }

  /// Lets a session go: it is told nothing more. Harmless when it has been let go before.
  public func detach(_ session: HubSession) {
    guard session.isAttached else { return }
    session.detached()
    // The last first: what stands behind it in the list of seats would be moved each time.
    for id in session.conversations.reversed() { rooms[id]?.leave(session) }
    late.forget(session)
    sessions.remove(session, at: ports.now)
    unwatch(session, Array(session.watching))
    if session.showsPresence { presence.left(session.user) }
  }

  /// Sends what the user's sessions have missed, and everything from then on.
  ///
  /// - Parameters:
  ///   - heads: the `seq` that the client has in each conversation; those left out start at their head.
  ///   - done: called once, after the last missed entry was put into the send queue; not at all when the session ends
  ///     before.
  public func resume(
    _ session: HubSession, heads: [ConversationID: Int64], done: @escaping (ResumeOutcome) -> Void
  ) {
    desk.take(Resume(session: session, have: heads, done: done))
  }

  func sessions(of user: UserID) -> [HubSession] { sessions[user] }

  /// The sign-in sessions behind all attached sessions.
  var signInsAttached: [SessionID] { sessions.signIns }

  /// Ends the sessions that speak through one of those sign-in sessions.
  func end(signIns: Set<SessionID>) {
    guard !signIns.isEmpty else { return }
    for session in sessions.all where signIns.contains(session.signIn) { end(session, .signedOut) }
  }

  func end(_ session: HubSession, _ reason: EndReason) {
    guard session.isAttached else { return }
    detach(session)
    switch reason {
    case .slowReader: counts.slowReaders += 1
    case .signedOut, .accountGone: counts.signedOut += 1
    }
    session.port.end(reason)
  }

  /// Looks again, once the kernel was asked to take what waits, at the sessions whose queues were found over the limit.
  func judgeSlowReaders() {
    guard !slowReaders.isEmpty else { return }
    let slow = slowReaders
    slowReaders = []
    for session in slow { queued(session.port.queuedBytes, by: session) }
  }

  /// So much waits for a session, be it entries or answers: over the limit, it is looked at again a little later, since
  /// the kernel may not have been asked yet.
  public func queued(_ bytes: Int, by session: HubSession) {
    guard session.isAttached, bytes > limits.sendQueueBytesMax else { return }
    if bytes > limits.sendQueueBytesMax * limits.sendQueueBurst {
      end(session, .slowReader)
    } else if session.beginsToBeSlow() {
      ports.schedule(after: limits.slowReaderGrace) { [weak self] in self?.judge(session) }
    }
  }

  private func judge(_ session: HubSession) {
    session.isNoLongerSlow()
    if session.port.queuedBytes > limits.sendQueueBytesMax { end(session, .slowReader) }
  }

  // MARK: Housekeeping

  private func housekeep() {
    housekeeping = nil
    for room in rooms.all where isOver(room.emptySince) { close(room) }
    for user in sessions.removeUsers(emptyBefore: ports.now - limits.lingerFor) { broker.unfollow(.user(user)) }
    if isInterrupted { isInterrupted = !rooms.all.allSatisfy(\.isFollowed) }
    headCheck.check(every: checkPeriod)
    rights.check()
    scheduleHousekeeping()
  }

  private var checkPeriod: Milliseconds { isInterrupted ? limits.headCheckInterruptedEvery : limits.headCheckEvery }

  /// The earlier of what was meant and what is meant now: interruptions in a row must not put it off.
  ///
  /// A quarter of the period is left to chance: an outage of Redis sets all nodes of a cluster to the same moment, and
  /// they would ask the database in step from then on.
  private func scheduleHousekeeping() {
    let period = checkPeriod
    let at = ports.now + period - Milliseconds(ports.random(below: UInt64(max(1, period / 4))))
    if let housekeeping, housekeeping.at <= at { return }
    housekeeping?.timer.cancel()
    let timer = ports.schedule(after: at - ports.now) { [weak self] in self?.housekeep() }
    housekeeping = (timer, at)
  }

  private func isOver(_ emptySince: Milliseconds?) -> Bool {
    guard let emptySince else { return false }
    return ports.now - emptySince >= limits.lingerFor
  }

  func brokerInterrupted(_ interruption: Interruption) {
    counts.interruptions += 1
    late.interrupted(interruption)
    for room in rooms.all where interruption.concerns(room.id.bucket) {
      room.interrupted()
      isInterrupted = true
    }
    scheduleHousekeeping()
  }
}
