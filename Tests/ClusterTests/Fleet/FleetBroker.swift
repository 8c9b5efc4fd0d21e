import ChatCore

/// A node's broker over its ``RedisWire``; entries of one conversation leave together at the end of a tick, once, as
/// the product's outbox has it.
final class FleetBroker: Broker, @unchecked Sendable {
  private let wire: RedisWire
  private var gathered: [ConversationID: [Entry]] = [:]
  private var order: [ConversationID] = []

  init(_ wire: RedisWire) { self.wire = wire }

  func attach(_ receiver: any BrokerReceiver) { wire.receiver = receiver }
  func follow(_ topic: Topic) { wire.follow(topic) }
  func unfollow(_ topic: Topic) { wire.unfollow(topic) }

  func publish(_ entries: [Entry]) {
    guard !wire.isDead else { return }
    if order.isEmpty, !entries.isEmpty { wire.redis.time.after(0) { [weak self] in self?.endOfTick() } }
    for entry in entries {
      if gathered[entry.conversation] == nil { order.append(entry.conversation) }
      gathered[entry.conversation, default: []].append(entry)
    }
  }

  func announce(_ signal: Signal) {
    let topic: Topic =
      switch signal {
      case .signedOut(let user, _), .accountGone(let user), .estranged(let user, _): .user(user)
      case .typing(let conversation, _), .read(let conversation, _, _): .conversation(conversation)
      case .relayed(let relay): relay.to
      }
    if !wire.isDead { wire.publish(topic) { $0.received(signal) } }
  }

  private func endOfTick() {
    let (ids, entries) = (order, gathered)
    (order, gathered) = ([], [:])
    guard !wire.isDead else { return }
    for id in ids { wire.publish(.conversation(id)) { [run = entries[id] ?? []] in $0.received(run) } }
  }
}
