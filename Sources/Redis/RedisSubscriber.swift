import IORuntime

/// Who hears what a subscriber receives; on its loop.
public protocol RedisSubscriberReceiver: AnyObject {
  /// From now on everything published on the channel arrives, until it is ``interrupted(_:)``. May be told again.
  func subscribed(to channel: String)
  /// A message was published on a channel.
  func received(_ payload: [UInt8], on channel: [UInt8])
  /// A connection is gone, or a slot has moved: of these channels nothing arrives until ``subscribed(to:)`` is told
  /// again for each.
  func interrupted(_ lost: LostChannels)
}

/// Listens to sharded channels of Redis; over all interruptions, whatever was asked for is asked for again.
///
/// One connection leads to each master and carries any number of channels; those of a cluster are shared out by
/// ``HashSlot``, and follow their slot wherever it goes.
///
/// - Shape: `subscriber.subscribe("{a}news")`, then ``RedisSubscriberReceiver/subscribed(to:)``, then messages.
/// - Isolation: its loop. What is asked for during a tick goes out at its end.
/// - Source: reliability.md A3.3, points 3 to 6; Redis documentation, SSUBSCRIBE.
public final class RedisSubscriber: @unchecked Sendable {
  /// Milliseconds before a refused SSUBSCRIBE is tried again.
  static let refusalPause: Int64 = 1_000
  /// The same when it was refused because the slot is with another master, or for the moment with none.
  static let movedPause: Int64 = 200

  private enum Way {
    case one(SubscriberLine, ChannelShare)
    /// With its own watch, or that of the client beside it, which starts and closes it.
    case cluster(ClusterWatch, isOwn: Bool)
  }

  private let loop: EventLoop
  private let settings: RedisSettings
  private let trust: RedisTrust
  private let observe: (RedisChange) -> Void
  private var way: Way?
  private weak var receiver: (any RedisSubscriberReceiver)?
  private var lines: [RedisAddress: SubscriberLine] = [:]
  private var shares: [HashSlot: ChannelShare] = [:]
  private var counted = RedisCounters()

  /// Makes a subscriber that does nothing until ``start()``; `observe` hears of its connections, on the loop.
  ///
  /// - Parameter client: a client of the same loop and settings, started by its owner. In a cluster both look at one
  ///   map: a refused command tells at once that a master has changed, a subscription only when it is lost.
  public init(
    loop: EventLoop, settings: RedisSettings, beside client: RedisClient? = nil,
    observe: @escaping (RedisChange) -> Void = { _ in }
  ) {
    self.loop = loop
    self.settings = settings
    self.observe = observe
    trust = RedisTrust(settings)
    if let watch = client?.watch {
      way = .cluster(watch, isOwn: false)
    } else if settings.isCluster {
      let watch = ClusterWatch(loop: loop, settings: settings, trust: trust) { [weak self] in self?.note($0) }
      way = .cluster(watch, isOwn: true)
    } else {
      let share = ChannelShare(slot: nil)
      let line = makeLine(settings.address)
      share.line = line
      way = .one(line, share)
    }
  }

  // MARK: Doors

  /// Sets who hears; held weakly, set before ``start()``.
  public func attach(_ receiver: any RedisSubscriberReceiver) { self.receiver = receiver }

  /// Connects, and connects again whenever a connection ends.
  public func start() {
    switch way {
    case .one(let line, _): line.start()
    case .cluster(let watch, let isOwn):
      watch.leave(self)
      watch.join(self)
      if isOwn { watch.start() }
    case nil: return
    }
  }

  /// Ends the connections for good.
  public func close() {
    switch way {
    case .one(let line, _): line.close()
    case .cluster(let watch, let isOwn):
      watch.leave(self)
      if isOwn { watch.close() }
      for line in lines.values { drop(line) }
      for share in shares.values { _ = move(share, to: nil) }
    case nil: return
    }
  }

  /// Listens to a channel; the receiver is told when Redis has confirmed it. Harmless, and told again, a second time.
  public func subscribe(_ channel: String) {
    let share = share(of: channel)
    share.want(channel)
    tell(channel, of: share)
  }

  /// Listens no more; messages that are on their way still arrive.
  public func unsubscribe(_ channel: String) {
    let share = share(of: channel)
    // Redis has been told nothing of it: however long it is away, only what is wanted is remembered.
    guard share.line?.isReady == true else { return share.remove(channel) }
    share.unwant(channel)
    tell(channel, of: share)
  }

  /// Whether all connections stand, as far as is known.
  public var isConnected: Bool { isWhole }
  /// How many channels are wanted or yet to be left.
  public var channelCount: Int { allShares.reduce(0) { $0 + $1.channels.count } }

  /// What it has done so far.
  public var counters: RedisCounters {
    var counters = counted
    for line in lines.values {
      counters.sent += line.sent
      counters.refused += line.refusals
    }
    if case .cluster(let watch, _) = way {
      counters.refreshes = watch.refreshes
      counters.topologies = watch.changes
    }
    return counters
  }

  // MARK: Shares

  private var allShares: [ChannelShare] {
    if case .one(_, let share) = way { return [share] }
    return Array(shares.values)
  }

  private func share(of channel: String) -> ChannelShare {
    if case .one(_, let share) = way { return share }
    let slot = HashSlot(of: channel)
    if let share = shares[slot] { return share }
    let share = ChannelShare(slot: slot)
    shares[slot] = share
    if case .cluster(let watch, _) = way { share.line = watch.map?.master(of: slot).flatMap { lines[$0] } }
    return share
  }

  /// Without a connection there is nobody to tell; a new one is told everything that is wanted.
  private func tell(_ channel: String, of share: ChannelShare) {
    guard let line = share.line, line.isReady else { return }
    share.mark(channel)
    line.flushSoon(share)
  }

  private func tellAll(of share: ChannelShare) {
    guard let line = share.line, line.isReady else { return }
    share.markAll()
    line.flushSoon(share)
  }

  private func makeLine(_ address: RedisAddress) -> SubscriberLine {
    let line = SubscriberLine(loop: loop, settings: settings.at(address), trust: trust, owner: self) { [weak self] in
      self?.note($0)
    }
    lines[address] = line
    return line
  }

  private func drop(_ line: SubscriberLine) {
    lines[line.address] = nil
    line.close()
    counted.sent += line.sent
    counted.refused += line.refusals
  }

  private func note(_ change: RedisChange) {
    counted.note(change)
    observe(change)
    guard case .cluster(let watch, _) = way else { return }
    switch change {
    case .lost: watch.refreshSoon()
    // While a master is away the watch is restless of itself.
    case .connected, .failed, .topology, .silent, .refused, .leadsToCluster: break
    }
  }
}

extension RedisSubscriber: ClusterWatchOwner {
  var isWhole: Bool {
    !lines.isEmpty && lines.values.allSatisfy(\.isReady) && shares.values.allSatisfy { $0.line != nil }
  }

  /// Makes a line to each new master, drops those to nodes that are none any more, and moves the shares.
  func clusterTold(_ map: ClusterMap) {
    let masters = Set(map.masters)
    for (address, line) in lines where !masters.contains(address) {
      drop(line)
    }
    for address in map.masters where lines[address] == nil { makeLine(address).start() }
    var lost: Set<HashSlot> = []
    for (slot, share) in shares where move(share, to: map.master(of: slot).flatMap { lines[$0] }) { lost.insert(slot) }
    if !lost.isEmpty { receiver?.interrupted(.slots(lost)) }
  }

  /// Another master has a share; whether anything is lost by that.
  private func move(_ share: ChannelShare, to line: SubscriberLine?) -> Bool {
    guard share.line !== line else { return false }
    let isLost = share.isTold
    share.forget()
    share.line = line
    share.isQueued = false
    tellAll(of: share)
    return isLost
  }
}

extension RedisSubscriber: SubscriberLineOwner {
  func lineReady(_ line: SubscriberLine) {
    for share in allShares where share.line === line {
      share.forget()
      tellAll(of: share)
    }
  }

  func lineLost(_ line: SubscriberLine) {
    var lost: Set<HashSlot> = []
    for share in allShares where share.line === line {
      if let slot = share.slot { lost.insert(slot) }
      share.forget()
    }
    switch way {
    case .cluster: if !lost.isEmpty { receiver?.interrupted(.slots(lost)) }
    case .one, nil: receiver?.interrupted(.all)
    }
  }

  func lineConfirmed(_ channel: String) { receiver?.subscribed(to: channel) }

  func lineReceived(_ payload: [UInt8], on channel: [UInt8]) { receiver?.received(payload, on: channel) }

  /// One Redis takes nothing away of itself, so it is asked again; in a cluster the whole slot has gone to another
  /// master, whom the next answer names.
  func lineLostChannel(_ name: String, _ line: SubscriberLine) {
    switch way {
    case .one(_, let share): if share.tookAway(name) { tell(name, of: share) }
    case .cluster(let watch, _):
      watch.refreshSoon()
      guard let share = shares[HashSlot(of: name)], share.line === line, share.tookAway(name) else { return }
      _ = move(share, to: nil)
      if let slot = share.slot { receiver?.interrupted(.slots([slot])) }
    case nil: return
    }
  }

  /// No permission, a slot elsewhere, a cluster that is down: asked again a little later, for as long as it is wanted.
  func lineRefused(_ names: [String], of share: ChannelShare, _ text: String, _ line: SubscriberLine) {
    var pause = RedisSubscriber.refusalPause
    if case .cluster(let watch, _) = way, let redirection = Redirection(text, by: line.address) {
      pause = RedisSubscriber.movedPause
      if case .moved(let slot, let owner) = redirection, slot == share.slot {
        counted.redirected += 1
        let next = watch.moved(slot, to: owner) ? watch.map?.master(of: slot).flatMap { lines[$0] } : nil
        if move(share, to: next) { receiver?.interrupted(.slots([slot])) }
        // Another line asks for itself; one that names itself, as just after a failover, is asked again.
        guard share.line === line else { return }
      }
      watch.refreshSoon()
    }
    loop.schedule(after: pause) { [weak self] in
      for name in names { self?.tell(name, of: share) }
    }
  }
}
