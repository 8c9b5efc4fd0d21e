import IORuntime

/// Who hears what a subscriber receives; on its loop.
public protocol RedisSubscriberReceiver: AnyObject {
  /// From now on everything published on the channel arrives, until ``interrupted()``. May be told again.
  func subscribed(to channel: String)
  /// A message was published on a channel.
  func received(_ payload: [UInt8], on channel: [UInt8])
  /// The connection is gone: nothing arrives until ``subscribed(to:)`` is told again for each channel.
  func interrupted()
}

/// Listens to sharded channels of Redis; over all interruptions, whatever was asked for is asked for again.
///
/// One connection leads to one master and carries any number of channels. The channels of a cluster will be shared
/// out by ``HashSlot`` over one connection a master; nothing of that is seen from outside.
///
/// - Shape: `subscriber.subscribe("{a}news")`, then ``RedisSubscriberReceiver/subscribed(to:)``, then messages.
/// - Isolation: its loop. What is asked for during a tick goes out at its end.
/// - Source: reliability.md A3.3, points 3 to 6; Redis documentation, SSUBSCRIBE.
public final class RedisSubscriber: @unchecked Sendable {
  /// Channels of one SSUBSCRIBE: enough to be cheap, few enough for Redis to serve others in between.
  static let batchMax = 512
  /// Commands that wait for their confirmations, so that a PING never stands behind a million channels.
  static let batchesUnderWayMax = 16
  /// Milliseconds before a refused SSUBSCRIBE is tried again.
  static let refusalPause: Int64 = 1_000

  private struct Channel {
    /// Somebody wants it.
    var wanted = false
    /// The command that subscribes to it has gone out on this connection, as part of that batch.
    var batch: UInt64?
    /// Redis has confirmed that.
    var confirmed = false
    /// It stands in `dirty`.
    var dirty = false
  }

  private final class Batch {
    let number: UInt64
    let channels: [String]
    var confirmed = 0
    init(number: UInt64, channels: [String]) {
      self.number = number
      self.channels = channels
    }
    var next: String? { confirmed < channels.count ? channels[confirmed] : nil }
  }

  private let loop: EventLoop
  private var link: RedisLink?
  private weak var receiver: (any RedisSubscriberReceiver)?
  private var channels: [String: Channel] = [:]
  private var dirty = Fifo<String>()
  private var unsubscribing = Fifo<Batch>()
  private var underWay = 0
  private var batchesMade: UInt64 = 0
  private var flushing = false
  private var counted = RedisCounters()

  /// Makes a subscriber that does nothing until ``start()``; `observe` hears of its connection, on the loop.
  public init(
    loop: EventLoop, settings: RedisSettings, observe: @escaping (RedisLinkChange) -> Void = { _ in }
  ) {
    self.loop = loop
    link = RedisLink(loop: loop, settings: settings, owner: self) { [weak self] change in
      self?.counted.note(change)
      observe(change)
    }
  }

  // MARK: Doors

  /// Sets who hears; held weakly, set before ``start()``.
  public func attach(_ receiver: any RedisSubscriberReceiver) { self.receiver = receiver }

  /// Connects, and connects again whenever the connection ends.
  public func start() { link?.start() }

  /// Ends the connection for good.
  public func close() { link?.close() }

  /// Listens to a channel; the receiver is told when Redis has confirmed it. Harmless, and told again, a second time.
  public func subscribe(_ channel: String) {
    channels[channel, default: Channel()].wanted = true
    markDirty(channel)
  }

  /// Listens no more; messages that are on their way still arrive.
  public func unsubscribe(_ channel: String) {
    guard channels[channel] != nil else { return }
    // Redis has been told nothing of it: however long it is away, only what is wanted is remembered.
    guard isConnected else { return channels[channel] = nil }
    channels[channel]?.wanted = false
    markDirty(channel)
  }

  /// Whether the connection stands, as far as is known.
  public var isConnected: Bool { link?.ready != nil }
  /// How many channels are wanted or yet to be left.
  public var channelCount: Int { channels.count }
  /// What it has done so far.
  public var counters: RedisCounters { counted }

  // MARK: What is to be said to Redis

  private func markDirty(_ name: String) {
    // Without a connection there is nobody to tell; a new one is told everything that is wanted.
    guard isConnected, let channel = channels[name], !channel.dirty else { return }
    channels[name]?.dirty = true
    dirty.append(name)
    flushSoon()
  }

  private func flushSoon() {
    guard !flushing else { return }
    flushing = true
    loop.atEndOfTick(self)
  }

  private func flush() {
    guard let connection = link?.ready else { return }
    var joining: [String] = []
    var leaving: [String] = []
    while underWay < RedisSubscriber.batchesUnderWayMax, let name = dirty.popFirst() {
      settle(name, joining: &joining, leaving: &leaving)
      if joining.count == RedisSubscriber.batchMax { subscribe(&joining, over: connection) }
      if leaving.count == RedisSubscriber.batchMax { unsubscribe(&leaving, over: connection) }
    }
    if !joining.isEmpty { subscribe(&joining, over: connection) }
    if !leaving.isEmpty { unsubscribe(&leaving, over: connection) }
  }

  /// Compares what is wanted of a channel with what Redis has been told.
  private func settle(_ name: String, joining: inout [String], leaving: inout [String]) {
    guard let channel = channels[name] else { return }
    channels[name]?.dirty = false
    switch (channel.wanted, channel.batch != nil) {
    case (true, false): joining.append(name)
    case (true, true): if channel.confirmed { receiver?.subscribed(to: name) }
    case (false, true):
      channels[name] = nil
      leaving.append(name)
    case (false, false): channels[name] = nil
    }
  }

  private func subscribe(_ names: inout [String], over connection: RedisConnection) {
    let batch = makeBatch(&names)
    for name in batch.channels {
      channels[name]?.batch = batch.number
      channels[name]?.confirmed = false
    }
    let command = RedisCommand(["SSUBSCRIBE"] + batch.channels)
    submit(command, batch, over: connection) { [weak self] in self?.joined(batch, $0) }
  }

  private func unsubscribe(_ names: inout [String], over connection: RedisConnection) {
    let batch = makeBatch(&names)
    unsubscribing.append(batch)
    let command = RedisCommand(["SUNSUBSCRIBE"] + batch.channels)
    submit(command, batch, over: connection) { [weak self] in self?.left(batch, $0) }
  }

  private func makeBatch(_ names: inout [String]) -> Batch {
    defer { names.removeAll() }
    batchesMade &+= 1
    return Batch(number: batchesMade, channels: names)
  }

  private func submit(
    _ command: RedisCommand, _ batch: Batch, over connection: RedisConnection,
    _ handler: @escaping RedisConnection.Handler
  ) {
    underWay += 1
    do {
      try connection.submit(command, replies: batch.channels.count, handler)
      counted.sent += 1
    } catch {
      // So few commands wait here that this is a connection in trouble; a new one begins from what is wanted.
      link?.restart(because: error)
    }
  }

  // MARK: What Redis says

  private func joined(_ batch: Batch, _ result: Result<RedisReply, RedisError>) {
    switch result {
    case .success(let reply):
      guard let name = confirmed(reply, "ssubscribe", batch) else { return }
      guard channels[name]?.batch == batch.number else { return }
      channels[name]?.confirmed = true
      if channels[name]?.wanted == true { receiver?.subscribed(to: name) }
    case .failure(.refused): refused(batch)
    case .failure: return
    }
  }

  private func left(_ batch: Batch, _ result: Result<RedisReply, RedisError>) {
    switch result {
    case .success(let reply):
      _ = confirmed(reply, "sunsubscribe", batch)
      if batch.next == nil { _ = unsubscribing.popFirst() }
    case .failure(.refused):
      counted.refused += 1
      _ = unsubscribing.popFirst()
      finished()
    case .failure: return
    }
  }

  /// The channel that a reply confirms; a reply that confirms anything else breaks the connection.
  private func confirmed(_ reply: RedisReply, _ kind: String, _ batch: Batch) -> String? {
    guard let parts = reply.elements, parts.count == 3, parts[0].text == kind, let name = batch.next,
      parts[1].text == name
    else {
      link?.restart(because: .broken("a confirmation of something else"))
      return nil
    }
    batch.confirmed += 1
    if batch.next == nil { finished() }
    return name
  }

  private func finished() {
    underWay -= 1
    if !dirty.isEmpty { flushSoon() }
  }

  /// No permission, a slot elsewhere, a cluster that is down: asked again a little later, for as long as it is wanted.
  private func refused(_ batch: Batch) {
    counted.refused += 1
    let names = batch.channels.filter { channels[$0]?.batch == batch.number }
    for name in names { channels[name]?.batch = nil }
    finished()
    loop.schedule(after: RedisSubscriber.refusalPause) { [weak self] in
      for name in names { self?.markDirty(name) }
    }
  }

  /// The server unsubscribed us, because the slot has moved: unless it is what we asked for, ask again.
  private func tookAway(_ name: String) {
    guard channels[name]?.batch != nil else { return }
    channels[name]?.batch = nil
    channels[name]?.confirmed = false
    markDirty(name)
  }
}

extension RedisSubscriber: EndOfTick {
  /// Sends what was asked for during the tick.
  public func endOfTick() {
    flushing = false
    flush()
  }
}

extension RedisSubscriber: RedisLinkOwner {
  func linkReady() {
    forgetConnection()
    for name in Array(channels.keys) { markDirty(name) }
  }

  func linkLost(_ error: RedisError) {
    forgetConnection()
    receiver?.interrupted()
  }

  /// A new connection knows of no channel.
  private func forgetConnection() {
    channels = channels.filter(\.value.wanted).mapValues { _ in Channel(wanted: true) }
    _ = dirty.removeAll()
    _ = unsubscribing.removeAll()
    underWay = 0
  }

  func takesPush(_ reply: RedisReply) -> Bool {
    guard case .array(let parts) = reply, parts.count == 3, let kind = parts[0].bytes, let name = parts[1].bytes else {
      return false
    }
    if kind == RedisSubscriber.message, let payload = parts[2].bytes {
      receiver?.received(payload, on: name)
      return true
    }
    guard kind == RedisSubscriber.takenAway else { return false }
    let text = String(decoding: name, as: UTF8.self)
    if unsubscribing.first?.next == text { return false }
    tookAway(text)
    return true
  }

  private static let message = Array("smessage".utf8)
  private static let takenAway = Array("sunsubscribe".utf8)
}
