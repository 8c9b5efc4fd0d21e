import ChatCore
import IORuntime
import Redis

/// Who is there, over Redis: one a node, with a directory for each of its loops.
///
/// A node holds one lease, renewed each second, under a name that is new whenever it begins; what it says of its users
/// stands in 64 sets under that name, one a share, and is believed while the lease lives. Once a second it says who has
/// come and gone, a script a share, which tells the watchers only what makes a difference: who is on no other living
/// node. When a lease runs out, one of the others takes the dead node's sets away and tells of its users.
///
/// - Cost: see the page "Who is there".
/// - Isolation: one loop of the node; ``directory(on:)`` is for the others.
public final class RedisPresence: @unchecked Sendable {
  let loop: EventLoop
  let names: TopicNames
  let limits: PresenceLimits
  private let client: RedisClient
  private let subscriber: RedisSubscriber
  private let ear: PresenceEar
  private let lookup: PresenceLookup
  private let scripts = (lease: Scripts.lease(), say: Scripts.say())
  private let node: String?
  private let leaseKeys: [String]
  private var beginning = 0
  private var isBegun = false
  private var living: [String] = []
  private var board: PresenceBoard
  private var watch = PresenceWatch()
  private var desks: [PresenceDesk] = []
  private var timer: LoopTimer?
  private var isLeaving = false
  private var quietUntil: Milliseconds = 0
  private var counted = PresenceCounters()

  /// Speaks over connections of its own; neither connects before ``start()``.
  ///
  /// - Parameter node: the node's name; nil for one that has no sockets and only asks.
  public init(
    loop: EventLoop, settings: RedisSettings, node: String?, names: TopicNames = .standard,
    limits: PresenceLimits = PresenceLimits(), observe: @escaping (RedisChange) -> Void = { _ in }
  ) {
    self.loop = loop
    self.node = node
    self.names = names
    leaseKeys = ["\(names.prefix){presence}living", "\(names.prefix){presence}dead"]
    self.limits = limits
    client = RedisClient(loop: loop, settings: settings, observe: observe)
    subscriber = RedisSubscriber(loop: loop, settings: settings, beside: client)
    lookup = PresenceLookup(loop: loop, client: client, names: names, usersPerScript: limits.usersPerScript)
    board = PresenceBoard(grace: limits.times.grace)
    ear = PresenceEar(names)
    ear.office = self
    subscriber.attach(ear)
  }

  /// What it has done so far; on its loop only.
  public var counters: PresenceCounters {
    var now = counted
    now.here = board.count
    now.watched = watch.count
    return now
  }

  /// Connects, begins to say and to hear.
  public func start() {
    client.start()
    subscriber.start()
    for share in PresenceShare.all { subscriber.subscribe(share.channel(names)) }
    tick()
  }

  /// Takes the node's users off at once, says no more, and closes.
  public func close() { close(silently: false) }

  func close(silently: Bool) {
    guard !isLeaving else { return }
    isLeaving = true
    sleep()
    subscriber.close()
    guard let name, !silently else { return client.close() }
    // The lease goes last: what is not taken away in time, the others take when it runs out.
    bury(name) { self.lease(name, "leave") { _ in self.client.close() } }
    loop.schedule(after: 1_000) { [client] in client.close() }
  }

  /// The directory of one loop of the node.
  public func directory(on other: EventLoop) -> any PresenceDirectory {
    let desk = PresenceDesk(office: self, place: desks.count, loop: other)
    desks.append(desk)
    return desk
  }

  private var name: String? { node.map { "\($0).\(beginning)" } }

  // MARK: What the loops say

  func arrived(_ user: UserID) { board.arrived(user) }

  func left(_ user: UserID) { board.left(user, at: EventLoop.monotonicMilliseconds()) }

  func watch(_ users: [UserID], from place: Int) {
    tell(watch.watch(users, from: place), to: place)
    lookUp()
  }

  func unwatch(_ users: [UserID], from place: Int) { watch.unwatch(users, from: place) }

  private func tell(_ changes: [Presence], to place: Int) {
    guard !changes.isEmpty, desks.indices.contains(place) else { return }
    desks[place].hear(changes)
  }

  private func tell(_ changes: [Int: [Presence]]) {
    for (place, changes) in changes { tell(changes, to: place) }
  }

  // MARK: The lease

  /// Says nothing until ``wake()``, as a process that is stopped.
  func sleep() {
    timer?.cancel()
    timer = nil
  }

  func wake() { tick() }

  private func tick() {
    guard !isLeaving else { return }
    timer = loop.schedule(after: limits.times.tick) { [weak self] in self?.tick() }
    guard client.isConnected(for: leaseKeys[0]) else { return }
    if node != nil, !isBegun { begin() } else { renew("renew") }
  }

  /// A name that no one has had, so that burying the old one cannot hurt.
  private func begin() {
    beginning = Int.random(in: 1...Int(Int32.max))
    board.forgotten()
    isBegun = true
    renew("begin")
  }

  private func renew(_ what: String) {
    lease(name ?? "", what) { [weak self] result in
      guard let self, !isLeaving, case .success(let reply) = result, let parts = reply.elements, parts.count == 3 else {
        // A beginning that may have failed is begun again; the name it has left behind runs out.
        if what == "begin" { self?.isBegun = false }
        return
      }
      living = (parts[1].elements ?? []).compactMap(\.text)
      guard node != nil else { return lookRound() }
      guard parts[0].integer == 1 else {
        counted.begunAnew += 1
        isBegun = false
        watch.refuted()
        // If Redis has forgotten this node it has forgotten the others too; until they have said all again, what was
        // known is better than what Redis knows.
        quietUntil = EventLoop.monotonicMilliseconds() + limits.lookAgainAfter
        return begin()
      }
      tell(watch.confirmed())
      lookRound()
      for dead in (parts[2].elements ?? []).compactMap(\.text) where dead != name {
        counted.buried += 1
        bury(dead) { [weak self] in self?.lease(dead, "buried") { _ in } }
      }
      sayChanges()
    }
  }

  private func lease(
    _ name: String, _ what: String, _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) {
    let arguments = [name, String(limits.times.lifetime), String(limits.times.patience), what]
    do throws(RedisError) {
      try client.submit(scripts.lease, keys: leaseKeys, arguments: arguments, handler)
    } catch {
      handler(.failure(error))
    }
  }

  // MARK: Saying

  private func sayChanges() {
    guard let name else { return }
    let (came, went) = board.takeChanges(at: EventLoop.monotonicMilliseconds())
    let (comers, goers) = (PresenceShare.sorted(came), PresenceShare.sorted(went))
    for share in PresenceShare.all {
      for part in PresenceShare.parts(comers[share] ?? [], goers[share] ?? [], of: limits.usersPerScript) {
        say(part.came, part.went, in: share, by: name)
      }
    }
  }

  private func say(_ came: [UserID], _ went: [UserID], in share: PresenceShare, by name: String) {
    let users = (came + went).map { String($0.rawValue) }
    run(share, of: name, [String(came.count)] + users) { [weak self] result in
      guard let self else { return }
      guard case .failure = result else { return counted.said += users.count }
      counted.failed += 1
      // Under another name everything has been said again.
      if self.name == name { board.failed(came + went) }
    }
  }

  /// Takes away what a dead node said, portion by portion, and tells of those who are nowhere else.
  private func bury(_ dead: String, done: @escaping () -> Void) {
    var left = PresenceShare.count
    func bury(_ share: PresenceShare) {
      run(share, of: dead, ["bury"]) { result in
        if case .success(let reply) = result, reply.integer ?? 0 > 0 { return bury(share) }
        if case .failure = result { return }
        left -= 1
        if left == 0 { done() }
      }
    }
    for share in PresenceShare.all { bury(share) }
  }

  private func run(
    _ share: PresenceShare, of name: String, _ arguments: [String],
    _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) {
    let others = living.filter { $0 != name }.map { share.listed(names, by: $0) }
    let given = [share.channel(names), String(limits.seenFor), String(limits.seenPerShare)] + arguments
    do throws(RedisError) {
      try client.submit(
        scripts.say, keys: [share.listed(names, by: name), share.seen(names)] + others, arguments: given, handler)
    } catch {
      handler(.failure(error))
    }
  }

  // MARK: Hearing

  func heard(_ payload: [UInt8], in share: PresenceShare) {
    guard let changes = PresenceText.changes(payload, in: share) else { return counted.malformed += 1 }
    counted.heard += changes.count
    tell(watch.heard(changes))
  }

  /// What was said of a share may be lost with the master that had it.
  func sayAgain(_ share: PresenceShare) { board.doubt { PresenceShare(of: $0) == share } }

  /// What was told before is not certain to have come.
  func listening(to share: PresenceShare) {
    loop.schedule(after: limits.lookAgainAfter) { [weak self] in
      self?.watch.lookAgain(share)
      self?.lookUp()
    }
  }

  // MARK: Looking up

  private func lookRound() {
    watch.lookAgainAtNext()
    lookUp()
  }

  private func lookUp() {
    guard client.isConnected(for: leaseKeys[0]), EventLoop.monotonicMilliseconds() >= quietUntil,
      let users = watch.takeAsked(limits.usersAskedAtOnce)
    else { return }
    find(users, within: PresenceLookup.watchPatience) { [weak self] found in
      guard let self else { return }
      let known = Set(found.map(\.user))
      tell(watch.looked(found))
      watch.answered(unknown: users.filter { !known.contains($0) })
      // Those that could not be looked up wait for the next tick.
      if known.count == users.count { lookUp() }
    }
  }

  /// How users are; those of whom it is not known in time are left out.
  func find(_ users: [UserID], within patience: Milliseconds, _ done: @escaping ([Presence]) -> Void) {
    counted.lookedUp += users.count
    lookup.find(users, living: living, patience: patience, done)
  }
}
