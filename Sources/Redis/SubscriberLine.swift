import IORuntime

/// Who shares out channels over lines; on the loop.
protocol SubscriberLineOwner: AnyObject {
  /// The line's connection is ready and knows of no channel.
  func lineReady(_ line: SubscriberLine)
  /// It is gone.
  func lineLost(_ line: SubscriberLine)
  /// Redis has confirmed a channel.
  func lineConfirmed(_ channel: String)
  /// A message was published on a channel.
  func lineReceived(_ payload: [UInt8], on channel: [UInt8])
  /// The server says that a channel's slot is no longer its own.
  func lineLostChannel(_ name: String, _ line: SubscriberLine)
  /// Some channels of a share were refused.
  func lineRefused(_ names: [String], of share: ChannelShare, _ text: String, _ line: SubscriberLine)
}

/// The subscriptions over one connection to one master.
///
/// - Isolation: its loop. What is asked for during a tick goes out at its end.
/// - Source: reliability.md A3.3, points 3 and 4; Redis documentation, SSUBSCRIBE.
final class SubscriberLine: @unchecked Sendable {
  /// Channels of one SSUBSCRIBE: enough to be cheap, few enough for Redis to serve others in between.
  static let batchMax = 512
  /// Commands that wait for their confirmations, so that a PING never stands behind a million channels.
  static let batchesUnderWayMax = 16

  private final class Batch {
    let number: UInt64
    let share: ChannelShare
    let channels: [String]
    var confirmed = 0
    init(number: UInt64, share: ChannelShare, channels: [String]) {
      self.number = number
      self.share = share
      self.channels = channels
    }
    var next: String? { confirmed < channels.count ? channels[confirmed] : nil }
  }

  let address: RedisAddress
  private let loop: EventLoop
  private weak var owner: (any SubscriberLineOwner)?
  private var link: RedisLink?
  private var busy = Fifo<ChannelShare>()
  private var unsubscribing = Fifo<Batch>()
  private var underWay = 0
  private var batchesMade: UInt64 = 0
  private var flushing = false
  private(set) var sent = 0
  private(set) var refusals = 0

  init(
    loop: EventLoop, settings: RedisSettings, trust: RedisTrust, owner: any SubscriberLineOwner,
    observe: @escaping (RedisChange) -> Void
  ) {
    self.loop = loop
    self.owner = owner
    address = settings.address
    link = RedisLink(loop: loop, settings: settings, trust: trust, owner: self, observe: observe)
  }

  func start() { link?.start() }
  func close() {
    link?.close()
    forgetConnection()
  }
  var isReady: Bool { link?.ready != nil }

  /// The share has something to say.
  func flushSoon(_ share: ChannelShare) {
    guard isReady, share.isDirty else { return }
    if !share.isQueued {
      share.isQueued = true
      busy.append(share)
    }
    flushSoon()
  }

  private func flushSoon() {
    guard !flushing else { return }
    flushing = true
    loop.atEndOfTick(self)
  }

  private func flush() {
    guard let connection = link?.ready else { return }
    while underWay < SubscriberLine.batchesUnderWayMax, let share = busy.first {
      guard share.line === self, share.isDirty else {
        // Another line has it now, and asks for itself.
        if share.line === self { share.isQueued = false }
        _ = busy.popFirst()
        continue
      }
      let work = share.takeWork(SubscriberLine.batchMax)
      for name in work.told { owner?.lineConfirmed(name) }
      if !work.joining.isEmpty { subscribe(work.joining, of: share, over: connection) }
      if !work.leaving.isEmpty { unsubscribe(work.leaving, of: share, over: connection) }
    }
  }

  private func subscribe(_ names: [String], of share: ChannelShare, over connection: RedisConnection) {
    let batch = makeBatch(names, share)
    share.asked(names, in: batch.number)
    submit(RedisCommand(["SSUBSCRIBE"] + names), batch, over: connection) { [weak self] in self?.joined(batch, $0) }
  }

  private func unsubscribe(_ names: [String], of share: ChannelShare, over connection: RedisConnection) {
    let batch = makeBatch(names, share)
    unsubscribing.append(batch)
    submit(RedisCommand(["SUNSUBSCRIBE"] + names), batch, over: connection) { [weak self] in self?.left(batch, $0) }
  }

  private func makeBatch(_ names: [String], _ share: ChannelShare) -> Batch {
    batchesMade &+= 1
    return Batch(number: batchesMade, share: share, channels: names)
  }

  private func submit(
    _ command: RedisCommand, _ batch: Batch, over connection: RedisConnection,
    _ handler: @escaping RedisConnection.Handler
  ) {
    underWay += 1
    do {
      try connection.submit(command, replies: batch.channels.count, handler)
      sent += 1
    } catch {
      // So few commands wait here that this is a connection in trouble; a new one begins from what is wanted.
      link?.restart(because: error)
    }
  }

  // MARK: What Redis says

  private func joined(_ batch: Batch, _ result: Result<RedisReply, RedisError>) {
    switch result {
    case .success(let reply):
      guard let name = confirmed(reply, "ssubscribe", batch), batch.share.line === self else { return }
      if batch.share.confirmed(name, in: batch.number) { owner?.lineConfirmed(name) }
    case .failure(.refused(let text)):
      refusals += 1
      finished()
      guard batch.share.line === self else { return }
      owner?.lineRefused(batch.share.refused(batch.channels, in: batch.number), of: batch.share, text, self)
    case .failure: return
    }
  }

  private func left(_ batch: Batch, _ result: Result<RedisReply, RedisError>) {
    switch result {
    case .success(let reply):
      _ = confirmed(reply, "sunsubscribe", batch)
      if batch.next == nil { _ = unsubscribing.popFirst() }
    case .failure(.refused):
      refusals += 1
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
    if !busy.isEmpty { flushSoon() }
  }
}

extension SubscriberLine: EndOfTick {
  /// Sends what was asked for during the tick.
  func endOfTick() {
    flushing = false
    flush()
  }
}

extension SubscriberLine: RedisLinkOwner {
  func linkReady() {
    forgetConnection()
    owner?.lineReady(self)
  }

  func linkLost(_ error: RedisError) {
    forgetConnection()
    owner?.lineLost(self)
  }

  private func forgetConnection() {
    for share in busy.removeAll() where share.line === self { share.isQueued = false }
    _ = unsubscribing.removeAll()
    underWay = 0
  }

  func takesPush(_ reply: RedisReply) -> Bool {
    guard case .array(let parts) = reply, parts.count == 3, let kind = parts[0].bytes, let name = parts[1].bytes else {
      return false
    }
    if kind == SubscriberLine.message, let payload = parts[2].bytes {
      owner?.lineReceived(payload, on: name)
      return true
    }
    guard kind == SubscriberLine.takenAway else { return false }
    let text = String(decoding: name, as: UTF8.self)
    if unsubscribing.first?.next == text { return false }
    owner?.lineLostChannel(text, self)
    return true
  }

  private static let message = Array("smessage".utf8)
  private static let takenAway = Array("sunsubscribe".utf8)
}
