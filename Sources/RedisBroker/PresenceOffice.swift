import ChatCore
import Redis

/// What a node says and hears of who is there, decided: which script runs when, and who is told what comes of it.
///
/// It knows neither sockets nor loops but its ``PresenceWire``; ``RedisPresence`` is the shell around it, and the
/// simulation another.
///
/// - Isolation: that of its wire.
package final class PresenceOffice {
  private unowned let wire: any PresenceWire
  private let names: TopicNames
  private let limits: PresenceLimits
  private let node: String?
  private var beginning = 0
  private var isBegun = false
  private var graves = PresenceGraves()
  private var board: PresenceBoard
  private var watch = PresenceWatch()
  private let lookup: PresenceLookup
  private var stopTimer: (() -> Void)?
  private var isLeaving = false
  /// Whether a renewal is under way that is to confirm what was looked up before it; others may be at the same time.
  private var isConfirming = false
  private var quietUntil: Milliseconds = 0
  private var counted = PresenceCounters()
  /// Who was said to be gone lately, and when: with ``sayAgain(_:)`` it is said again.
  private var gone: [UserID: Milliseconds] = [:]
  /// How long they are remembered: a master's end is noticed and made good within this, many times over.
  private static let goneFor: Milliseconds = 60_000

  /// Speaks for that node (nil: for one that only asks), with nothing said before ``start()``.
  package init(wire: any PresenceWire, node: String?, names: TopicNames, limits: PresenceLimits) {
    self.wire = wire
    self.node = node
    self.names = names
    self.limits = limits
    board = PresenceBoard(grace: limits.times.grace)
    lookup = PresenceLookup(wire: wire, names: names, usersPerScript: limits.usersPerScript)
  }

  /// What it has done so far.
  package var counters: PresenceCounters {
    var now = counted
    now.here = board.count
    now.watched = watch.count
    return now
  }

  private var name: String? { node.map { "\($0).\(beginning)" } }

  // MARK: What the loops say

  package func arrived(_ user: UserID) { board.arrived(user) }

  package func left(_ user: UserID) { board.left(user, at: wire.now) }

  package func watch(_ users: [UserID], from place: Int) {
    let known = watch.watch(users, from: place)
    if !known.isEmpty { wire.tell(known, to: place) }
    lookUp()
  }

  package func unwatch(_ users: [UserID], from place: Int) { watch.unwatch(users, from: place) }

  private func tell(_ changes: [Int: [Presence]]) {
    for (place, changes) in changes.sorted(by: { $0.key < $1.key }) where !changes.isEmpty {
      wire.tell(changes, to: place)
    }
  }

  // MARK: The lease

  /// Where leases are: the names of the living, and those of the dead who are yet to be buried.
  static func leaseKeys(_ names: TopicNames) -> [String] {
    ["\(names.prefix){presence}living", "\(names.prefix){presence}dead"]
  }

  /// Begins to say and to ask, once a tick.
  package func start() { tick() }

  /// Says nothing until ``start()``, as a process that is stopped.
  package func sleep() {
    stopTimer?()
    stopTimer = nil
  }

  /// Takes the node's users off and gives the lease back; `done` when that has been answered, or at once when it is
  /// to be silent.
  ///
  /// - Returns: whether there was anything to say.
  package func leave(silently: Bool, done: @escaping () -> Void) -> Bool {
    isLeaving = true
    sleep()
    guard let name, isBegun, !silently else { return false }
    // The lease goes last: what is not taken away in time, the others take when it runs out.
    bury(name, of: PresenceShare.all, failed: { _ in }, done: { self.lease(name, "leave") { _ in done() } })
    return true
  }

  /// The way to these shares' master was lost and is back. Its replica may lack the last of what the master had
  /// answered, so all who are here are said again, and all who have gone lately, and the dead are buried again; nobody
  /// hears of what is known.
  package func sayAgain(_ shares: [PresenceShare]) {
    let doubtful = Set(shares)
    board.doubt { doubtful.contains(PresenceShare(of: $0)) }
    forgetLongGone()
    board.failed(gone.keys.filter { doubtful.contains(PresenceShare(of: $0)) }.sorted())
    graves.doubt(shares, at: wire.now)
    // The others say theirs again too, each when it has noticed.
    watch.mistrust(shares, until: wire.now + limits.lookAgainAfter)
    _ = wire.schedule(after: limits.lookAgainAfter) { [weak self] in
      guard let self else { return }
      watch.askHeld(at: wire.now)
      lookUp()
    }
  }

  private func tick() {
    guard !isLeaving else { return }
    stopTimer = wire.schedule(after: limits.times.tick) { [weak self] in self?.tick() }
    guard node != nil else { return lookRound() }
    guard wire.isConnected else {
      // The lease has one of the masters; those of the shares may be well.
      if isBegun { sayChanges() }
      return lookUp()
    }
    if isBegun { renew("renew") } else { begin() }
  }

  /// A name that no one has had, so that burying the old one cannot hurt.
  private func begin() {
    beginning = wire.newBeginning()
    board.forgotten()
    isBegun = true
    renew("begin")
  }

  private func renew(_ what: String) {
    let confirms = !isConfirming
    if confirms { watch.confirm() }
    isConfirming = true
    lease(name ?? "", what) { [weak self] result in
      if confirms { self?.isConfirming = false }
      guard let self, !isLeaving, case .success(let reply) = result, let parts = reply.elements, parts.count == 2 else {
        // A beginning that may have failed is begun again; the name it has left behind runs out.
        if what == "begin" { self?.isBegun = false }
        return
      }
      guard parts[0].integer == 1 else { return beginAnew() }
      if confirms { tell(watch.confirmed()) }
      lookRound()
      for dead in (parts[1].elements ?? []).compactMap(\.text) where dead != name {
        counted.buried += 1
        graves.open(dead, at: wire.now)
      }
      sayChanges()
      buryDead()
    }
  }

  /// If Redis has forgotten this node it has forgotten the others too; until they have said all again, what was known
  /// is better than what Redis knows.
  private func beginAnew() {
    counted.begunAnew += 1
    isBegun = false
    watch.refuted()
    quietUntil = wire.now + limits.lookAgainAfter
    // What was still said under the name that has died, by a process that was stopped halfway, would stand for ever.
    if let name { graves.open(name, at: wire.now) }
    begin()
  }

  /// What cannot be taken away now is tried again with the next renewal.
  private func buryDead() {
    for (dead, shares) in graves.take() {
      bury(
        dead, of: shares,
        failed: { [weak self] share in
          guard let self else { return }
          graves.failed(dead, share, at: wire.now)
        }, done: { [weak self] in self?.lease(dead, "buried") { _ in } })
    }
  }

  private func lease(_ name: String, _ what: String, _ handler: @escaping PresenceWire.Handler) {
    let keys = PresenceOffice.leaseKeys(names)
    let arguments = [name, String(limits.times.lifetime), String(limits.times.patience), what]
    wire.run(.lease, keys: keys, arguments: arguments, handler)
  }

  // MARK: Saying

  private func sayChanges() {
    guard let name else { return }
    let (came, went) = board.takeChanges(at: wire.now)
    guard !came.isEmpty || !went.isEmpty else { return }
    note(came, went)
    let (comers, goers) = (PresenceShare.sorted(came), PresenceShare.sorted(went))
    for share in PresenceShare.all {
      for part in PresenceShare.parts(comers[share] ?? [], goers[share] ?? [], of: limits.usersPerScript) {
        say(part.came, part.went, in: share, by: name)
      }
    }
  }

  private func note(_ came: [UserID], _ went: [UserID]) {
    forgetLongGone()
    for user in came { gone[user] = nil }
    for user in went { gone[user] = wire.now }
  }

  private func forgetLongGone() { gone = gone.filter { wire.now - $0.value < PresenceOffice.goneFor } }

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
  private func bury(
    _ dead: String, of shares: [PresenceShare], failed: @escaping (PresenceShare) -> Void, done: @escaping () -> Void
  ) {
    var left = shares.count
    func bury(_ share: PresenceShare) {
      run(share, of: dead, ["bury"]) { result in
        if case .success(let reply) = result, reply.integer ?? 0 > 0 { return bury(share) }
        if case .failure = result { return failed(share) }
        left -= 1
        if left == 0 { done() }
      }
    }
    for share in shares { bury(share) }
  }

  private func run(
    _ share: PresenceShare, of name: String, _ arguments: [String], _ handler: @escaping PresenceWire.Handler
  ) {
    let keys = [share.listed(names, by: name), share.seen(names), share.online(names)]
    let given = [share.channel(names), String(limits.seenFor), String(limits.seenPerShare)] + arguments
    wire.run(.say, keys: keys, arguments: given, handler)
  }

  // MARK: Hearing

  /// A message came on a share's channel.
  package func heard(_ payload: [UInt8], in share: PresenceShare) {
    guard let changes = PresenceText.changes(payload, in: share) else { return counted.malformed += 1 }
    heard(changes)
  }

  /// What a message said.
  package func heard(_ changes: [Presence]) {
    counted.heard += changes.count
    tell(watch.heard(changes))
  }

  /// What was told before is not certain to have come.
  package func listening(to share: PresenceShare) {
    _ = wire.schedule(after: limits.lookAgainAfter) { [weak self] in
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
    guard wire.now >= quietUntil, let users = watch.takeAsked(limits.usersAskedAtOnce) else { return }
    find(users, within: PresenceLookup.watchPatience) { [weak self] found in
      guard let self else { return }
      let known = Set(found.map(\.user))
      tell(watch.looked(found, at: wire.now))
      watch.answered(unknown: users.filter { !known.contains($0) })
      // Those that could not be looked up wait for the next tick.
      if known.count == users.count { lookUp() }
    }
  }

  /// How users are; those of whom it is not known in time are left out.
  package func find(_ users: [UserID], within patience: Milliseconds, _ done: @escaping ([Presence]) -> Void) {
    counted.lookedUp += users.count
    lookup.find(users, patience: patience, done)
  }
}
