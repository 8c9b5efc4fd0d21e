import ChatCore
import Redis
import RedisBroker
import TestKit

/// A Redis cluster as nodes see it: masters that own slots, sharded channels, and the scripts of presence.
///
/// Modelled, since it lives in sockets and in Redis: who owns a slot, what a connection's end takes with it, MOVED and
/// CLUSTERDOWN, the push that says that a slot has moved, a replica that becomes master and lacks the last writes.
/// Taken from the product: slots and tags of topics, shares of users, the texts of presence.
final class RedisModel {
  enum Refusal { case moved }

  struct Master {
    var isUp = true
    var followers: [Topic: [Int]] = [:]
    var scripts = ScriptModel()
    /// What its replica had got some moments ago.
    var replica = ScriptModel()
  }

  let time: any FleetTime
  let meter: FleetMeter
  private(set) var masters: [Master]
  private(set) var wires: [RedisWire] = []
  /// Whose each slot is, by the versions of the cluster's map; nodes may hold an older one.
  private(set) var maps: [[Int]]
  private var slots: [Topic: Int] = [:]
  private let names = TopicNames.standard

  init(masters count: Int, time: any FleetTime) {
    self.time = time
    meter = FleetMeter(time)
    masters = Array(repeating: Master(), count: count)
    let slots = Int(HashSlot.count)
    maps = [(0..<slots).map { $0 * count / slots }]
  }

  func join(_ wire: RedisWire) -> Int {
    wires.append(wire)
    return wires.count - 1
  }

  // MARK: The map

  func slot(of topic: Topic) -> Int {
    if let known = slots[topic] { return known }
    let slot = Int(HashSlot(of: names.channel(of: topic)).number)
    slots[topic] = slot
    return slot
  }

  func owner(of slot: Int, in version: Int? = nil) -> Int { maps[version ?? maps.count - 1][slot] }

  /// Moves a part of one master's slots to another: who listens there is told that it no longer does.
  func reshard(from: Int, to: Int, oneIn part: Int) {
    var map = maps[maps.count - 1]
    var moved: Set<Int> = []
    for slot in map.indices where map[slot] == from && slot % part == 0 {
      map[slot] = to
      moved.insert(slot)
    }
    maps.append(map)
    var (giver, taker) = (masters[from].scripts, masters[to].scripts)
    giver.give(to: &taker) { moved.contains(Int(HashSlot(of: $0).number)) }
    (masters[from].scripts, masters[to].scripts) = (giver, taker)
    let topics = masters[from].followers.keys.filter { moved.contains(slot(of: $0)) }.sorted(by: Topic.isBefore)
    var pushes: [(node: Int, topic: Topic)] = []
    for topic in topics {
      for node in masters[from].followers.removeValue(forKey: topic) ?? [] { pushes.append((node, topic)) }
    }
    time.after(1) { [weak self] in
      for (node, topic) in pushes { self?.wires[node].tookAway(topic, from) }
    }
  }

  // MARK: Life and death

  /// Remembers what a replica has got by now: what comes later it will lack.
  func replicate(_ number: Int) { masters[number].replica = masters[number].scripts }

  func die(_ number: Int) {
    masters[number].isUp = false
    masters[number].followers = [:]
    for wire in wires { wire.lost(number) }
  }

  /// The replica is master now.
  func promote(_ number: Int) {
    masters[number].scripts = masters[number].replica
    masters[number].isUp = true
  }

  func leave(_ node: Int, _ master: Int) {
    for topic in wires[node].confirmed(at: master) { unsubscribe(node, topic, at: master) }
  }

  // MARK: Channels

  func subscribe(_ node: Int, _ topic: Topic, at number: Int) -> Refusal? {
    guard owner(of: slot(of: topic)) == number else { return .moved }
    if masters[number].followers[topic]?.contains(node) != true {
      masters[number].followers[topic, default: []].append(node)
    }
    return nil
  }

  func unsubscribe(_ node: Int, _ topic: Topic, at number: Int) {
    masters[number].followers[topic]?.removeAll { $0 == node }
    if masters[number].followers[topic]?.isEmpty == true { masters[number].followers[topic] = nil }
  }

  /// How many subscriptions each master carries.
  var subscriptions: [Int] { masters.map { $0.followers.values.reduce(0) { $0 + $1.count } } }

  func publish(_ topic: Topic, at number: Int, _ tell: @escaping (RedisWire) -> Void) -> Refusal? {
    guard owner(of: slot(of: topic)) == number else { return .moved }
    let nodes = masters[number].followers[topic] ?? []
    meter.note(.publishes)
    meter.note(.copies, nodes.count)
    time.after(1) { [weak self] in
      guard let self else { return }
      for node in nodes where wires[node].hears(topic, number) { tell(wires[node]) }
    }
    return nil
  }

  // MARK: Scripts

  func run(_ script: PresenceScript, _ keys: [String], _ arguments: [String], at number: Int) -> RedisReply? {
    guard masters[number].isUp, owner(of: Int(HashSlot(of: keys[0]).number)) == number else { return nil }
    meter.note(.scripts)
    meter.note(.scriptKeys, keys.count)
    let (reply, told) = masters[number].scripts.run(script, keys, arguments, at: time.wall)
    if let told { tell(told.payload, on: told.channel, number) }
    return reply
  }

  private static let shares = Dictionary(
    PresenceShare.all.map { ($0.channel(.standard), $0) }, uniquingKeysWith: { first, _ in first })

  /// All nodes listen to all shares.
  private func tell(_ payload: String, on channel: String, _ number: Int) {
    guard let share = RedisModel.shares[channel],
      let changes = PresenceText.changes(Array(payload.utf8), in: share)
    else { return }
    meter.note(.presenceTold)
    time.after(1) { [weak self] in
      for wire in self?.wires ?? [] where wire.isUp(number) { wire.presence?.heard(changes) }
    }
  }

  /// The shares whose channels a master carries.
  func shares(of number: Int) -> [PresenceShare] {
    PresenceShare.all.filter { owner(of: Int(HashSlot(of: $0.channel(names)).number)) == number }
  }
}

extension Topic {
  /// An order that does not depend on the process.
  static func isBefore(_ left: Topic, _ right: Topic) -> Bool {
    switch (left, right) {
    case (.conversation(let left), .conversation(let right)): left < right
    case (.user(let left), .user(let right)): left < right
    case (.conversation, .user): true
    case (.user, .conversation): false
    }
  }
}
