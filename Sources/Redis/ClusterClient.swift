import IORuntime

/// Commands to a cluster: each over one link to the master that has its key's slot.
///
/// What a node sends on to another is sent there again, since it was not carried out: at once when the other is known,
/// else after the map has been asked for. None of that takes longer than
/// ``RedisSettings/redirectPatience``; then the refusal is the reply.
///
/// - Limits: ``triesMax`` sendings of a command; as many wait for a map as may wait for replies.
/// - Isolation: its loop.
/// - Source: Redis cluster specification, "Redirection and resharding".
final class ClusterClient: @unchecked Sendable {
  /// How often a command is sent at most: a slot that moves twice meanwhile, and one more.
  static let triesMax = 4
  /// Milliseconds until a command is tried again whose keys are on two nodes.
  static let pause: Int64 = 25

  typealias Handler = (Result<RedisReply, RedisError>) -> Void

  private final class Errand {
    let command: RedisCommand
    let slot: HashSlot?
    let deadline: Int64?
    let end: Int64
    let handler: Handler
    var tries = 0
    var refusal = RedisError.unavailable
    init(_ command: RedisCommand, deadline: Int64?, end: Int64, _ handler: @escaping Handler) {
      self.command = command
      slot = command.slot
      self.deadline = deadline
      self.end = end
      self.handler = handler
    }
  }

  private let loop: EventLoop
  private let settings: RedisSettings
  private let trust: RedisTrust
  private let observe: (RedisChange) -> Void
  /// Who has which slots; a subscriber beside this client looks there too.
  let watch: ClusterWatch
  /// By the masters' places in the map.
  private var links: [RedisLink] = []
  private var byAddress: [RedisAddress: RedisLink] = [:]
  private var waiting: [Errand] = []
  private var patience: LoopTimer?
  private var redirected = 0

  init(loop: EventLoop, settings: RedisSettings, observe: @escaping (RedisChange) -> Void) {
    self.loop = loop
    self.settings = settings
    self.observe = observe
    trust = RedisTrust(settings)
    watch = ClusterWatch(loop: loop, settings: settings, trust: trust, observe: observe)
  }

  func start() {
    watch.leave(self)
    watch.join(self)
    watch.start()
  }

  func close() {
    watch.leave(self)
    watch.close()
    for link in links { link.close() }
    (links, byAddress) = ([], [:])
    let left = waiting
    waiting = []
    for errand in left { errand.handler(.failure(errand.refusal)) }
  }

  var map: ClusterMap? { watch.map }

  var report: ClusterReport? {
    watch.map.map { map in ClusterReport(map) { byAddress[$0]?.ready != nil } }
  }

  func added(to counters: RedisCounters) -> RedisCounters {
    var counters = counters
    counters.redirected = redirected
    counters.refreshes = watch.refreshes
    counters.topologies = watch.changes
    return counters
  }

  /// The connection to a slot's master, while it is ready; for nil that to any master.
  func ready(for slot: HashSlot?) -> RedisConnection? {
    guard let slot else { return links.lazy.compactMap(\.ready).first }
    guard let place = watch.map?.place(of: slot), links.indices.contains(place) else { return nil }
    return links[place].ready
  }

  // MARK: Commands

  func submit(_ command: RedisCommand, deadline: Int64?, _ handler: @escaping Handler) throws(RedisError) {
    let errand = Errand(command, deadline: deadline, end: loop.now &+ settings.redirectPatience, handler)
    guard let connection = ready(for: errand.slot) else { throw .unavailable }
    try send(errand, over: connection)
  }

  private func send(_ errand: Errand, over connection: RedisConnection, asking: Bool = false) throws(RedisError) {
    if asking { try connection.submit(RedisCommand("ASKING")) }
    errand.tries += 1
    let address = connection.address
    try connection.submit(errand.command, deadline: errand.deadline) { [weak self] result in
      guard case .failure(.refused(let text)) = result, let self else { return errand.handler(result) }
      refused(errand, text, by: address)
    }
  }

  private func refused(_ errand: Errand, _ text: String, by address: RedisAddress) {
    errand.refusal = .refused(text)
    guard let slot = errand.slot, let redirection = Redirection(text, by: address) else { return fail(errand) }
    let mayGoOn = errand.tries < ClusterClient.triesMax && loop.now < errand.end
    switch redirection {
    case .moved(let named, let owner):
      guard named == slot else { return fail(errand) }
      let isKnown = watch.moved(slot, to: owner)
      guard mayGoOn else { return fail(errand) }
      redirected += 1
      if isKnown, let connection = ready(for: slot) { again(errand, over: connection) } else { wait(errand) }
    case .ask(_, let other):
      guard mayGoOn, let connection = other.flatMap({ byAddress[$0]?.ready }) else {
        watch.refreshSoon()
        return fail(errand)
      }
      redirected += 1
      again(errand, over: connection, asking: true)
    case .again:
      guard mayGoOn else { return fail(errand) }
      loop.schedule(after: ClusterClient.pause) { [weak self] in
        guard let self, let connection = ready(for: slot) else { return errand.handler(.failure(errand.refusal)) }
        again(errand, over: connection)
      }
    case .down:
      watch.refreshSoon()
      fail(errand)
    }
  }

  private func again(_ errand: Errand, over connection: RedisConnection, asking: Bool = false) {
    do throws(RedisError) {
      try send(errand, over: connection, asking: asking)
    } catch {
      fail(errand)
    }
  }

  private func fail(_ errand: Errand) { errand.handler(.failure(errand.refusal)) }

  /// Whose slot is with a master that is not known or not connected yet waits for that.
  private func wait(_ errand: Errand) {
    guard waiting.count < settings.pendingMax else { return fail(errand) }
    waiting.append(errand)
    if patience == nil { losePatience(at: errand.end) }
  }

  /// One timer for all that wait; it holds on to the client, so that each of them is told.
  private func losePatience(at end: Int64) {
    patience = loop.schedule(after: max(0, end &- loop.now)) { [self] in
      patience = nil
      let late = waiting.filter { $0.end <= loop.now }
      waiting.removeAll { $0.end <= loop.now }
      if let next = waiting.map(\.end).min() { losePatience(at: next) }
      for errand in late { fail(errand) }
    }
  }

  /// The map or a link is new: sends what can be sent.
  private func goOn() {
    guard !waiting.isEmpty else { return }
    let all = waiting
    waiting = []
    for errand in all {
      if let connection = ready(for: errand.slot) { again(errand, over: connection) } else { waiting.append(errand) }
    }
  }
}

extension ClusterClient: ClusterWatchOwner {
  var isWhole: Bool { !links.isEmpty && links.allSatisfy { $0.ready != nil } }

  /// Makes a link to each new master and drops those to nodes that are none any more.
  func clusterTold(_ map: ClusterMap) {
    let masters = Set(map.masters)
    for (address, link) in byAddress where !masters.contains(address) {
      byAddress[address] = nil
      link.close()
    }
    links = map.masters.map { address in
      if let link = byAddress[address] { return link }
      let link = RedisLink(loop: loop, settings: settings.at(address), trust: trust, owner: self) {
        [weak self] change in
        self?.note(change)
      }
      byAddress[address] = link
      link.start()
      return link
    }
    goOn()
  }

  private func note(_ change: RedisChange) {
    observe(change)
    switch change {
    case .lost: watch.refreshSoon()
    // While a master is away the watch is restless of itself.
    case .connected, .failed, .topology, .silent, .refused, .leadsToCluster: break
    }
  }
}

extension ClusterClient: RedisLinkOwner {
  func linkReady() { goOn() }
  func linkLost(_ error: RedisError) {}
  func takesPush(_ reply: RedisReply) -> Bool { false }
}
