import ChatCore
import Redis
import TestKit

/// One node's connections to a modelled cluster, one a master, and what it has asked for over them.
///
/// Modelled after the socket classes (`RedisLink`, `RedisSubscriber`): pauses before a connection is made anew are the
/// product's ``Redis/Backoff``; channels go out in batches of one slot, at most ``batchMax`` each and
/// ``batchesUnderWayMax`` at a time, and are confirmed one round trip later. A slot that is elsewhere is asked for
/// there once the map has been read again, not before 100 ms and not by all nodes at once.
final class RedisWire {
  static let batchMax = 512
  static let batchesUnderWayMax = 16
  private static let roundTrip: Milliseconds = 1

  private enum Standing { case wanted, asked, confirmed }

  let redis: RedisModel
  private(set) var number = -1
  private var links: [(isUp: Bool, failures: Int, generation: Int, since: Milliseconds, hasAnswered: Bool)]
  private var topics: [Topic: (standing: Standing, master: Int)] = [:]
  private var queues: [[Topic]]
  private var underWay: [Int]
  private var flushIsDue = false
  private var map = 0
  private var mapIsAsked = false
  private var dice: SeededDice
  private(set) var isCut = false
  private(set) var isDead = false
  private let backoff = Backoff()
  var saysAgain = true
  var receiver: (any BrokerReceiver)?
  weak var presence: FleetPresence?
  private var time: any FleetTime { redis.time }

  init(_ redis: RedisModel, seed: UInt64) {
    self.redis = redis
    let count = redis.masters.count
    dice = SeededDice(seed: seed)
    links = Array(repeating: (false, 0, 0, 0, false), count: count)
    queues = Array(repeating: [], count: count)
    underWay = Array(repeating: 0, count: count)
    map = redis.maps.count - 1
    number = redis.join(self)
    for master in 0..<count { connect(master) }
  }

  func isUp(_ master: Int) -> Bool { links[master].isUp && !isDead }
  var isWhole: Bool { links.allSatisfy(\.isUp) }
  func master(of slot: Int) -> Int { redis.owner(of: slot, in: map) }

  // MARK: Connections

  private func connect(_ master: Int) {
    time.after(RedisWire.roundTrip) { [weak self] in
      guard let self, !isDead, !links[master].isUp else { return }
      guard redis.masters[master].isUp, !isCut else { return retry(master, lasted: nil) }
      links[master].isUp = true
      (links[master].since, links[master].hasAnswered) = (time.now, false)
      links[master].generation += 1
      askMap()
      for topic in wanted(at: master) { want(topic) }
      presence?.cameBack(master, saysAgain: saysAgain)
    }
  }

  private func retry(_ master: Int, lasted: Milliseconds?) {
    links[master].failures = backoff.failures(
      after: links[master].failures, lasted: lasted, hasAnswered: links[master].hasAnswered)
    time.after(backoff.delay(afterFailures: links[master].failures, using: &dice)) { [weak self] in
      self?.connect(master)
    }
  }

  /// The connection to a master has ended.
  func lost(_ master: Int) {
    guard !isDead, links[master].isUp else { return }
    redis.leave(number, master)
    links[master].isUp = false
    queues[master] = []
    underWay[master] = 0
    let gone = wanted(at: master)
    for topic in gone { topics[topic]?.standing = .wanted }
    presence?.wireLost()
    let isPart = links.contains(where: \.isUp)
    receiver?.interrupted(isPart ? Interruption(of: Set(gone.map(\.bucket))) : .whole)
    retry(master, lasted: time.now - links[master].since)
  }

  /// Nothing gets through to any master.
  func cut() {
    isCut = true
    for master in links.indices { lost(master) }
  }

  func heal() { isCut = false }

  /// `kill -9` of the node, or its end.
  func die() {
    for master in links.indices where links[master].isUp { redis.leave(number, master) }
    isDead = true
  }

  // MARK: The map

  /// Reads the map again, if it has changed.
  func askMap() {
    guard !mapIsAsked, map != redis.maps.count - 1 else { return }
    mapIsAsked = true
    time.after(100 + dice.pick(0...100)) { [weak self] in
      guard let self, !isDead else { return }
      mapIsAsked = false
      map = redis.maps.count - 1
      for (topic, state) in topics.sorted(by: { Topic.isBefore($0.key, $1.key) }) {
        let owner = master(of: redis.slot(of: topic))
        if state.master != owner { topics[topic]?.master = owner }
        if state.standing == .wanted { want(topic) }
      }
    }
  }

  // MARK: Topics

  private func wanted(at master: Int) -> [Topic] {
    topics.filter { $0.value.master == master }.keys.sorted(by: Topic.isBefore)
  }

  func confirmed(at master: Int) -> [Topic] {
    topics.filter { $0.value.master == master && $0.value.standing == .confirmed }.map(\.key)
  }

  func hears(_ topic: Topic, _ master: Int) -> Bool {
    isUp(master) && topics[topic]?.standing == .confirmed && topics[topic]?.master == master
  }

  func follow(_ topic: Topic) {
    guard topics[topic] == nil else { return }
    topics[topic] = (.wanted, master(of: redis.slot(of: topic)))
    want(topic)
  }

  func unfollow(_ topic: Topic) {
    guard let state = topics.removeValue(forKey: topic) else { return }
    if state.standing == .confirmed { redis.unsubscribe(number, topic, at: state.master) }
  }

  /// The slot has moved.
  func tookAway(_ topic: Topic, _ master: Int) {
    guard !isDead, topics[topic]?.master == master, topics[topic]?.standing == .confirmed else { return }
    topics[topic]?.standing = .wanted
    askMap()
  }

  private func want(_ topic: Topic) {
    guard let state = topics[topic], state.standing == .wanted, isUp(state.master) else { return }
    topics[topic]?.standing = .asked
    queues[state.master].append(topic)
    guard !flushIsDue else { return }
    flushIsDue = true
    time.after(0) { [weak self] in
      self?.flushIsDue = false
      for master in self?.links.indices ?? 0..<0 { self?.flush(master) }
    }
  }

  private func flush(_ master: Int) {
    guard isUp(master) else { return }
    let bySlot = Dictionary(grouping: queues[master], by: redis.slot(of:)).sorted { $0.key < $1.key }
    var rest: [Topic] = []
    for (_, topics) in bySlot {
      for start in stride(from: 0, to: topics.count, by: RedisWire.batchMax) {
        let batch = Array(topics[start..<min(start + RedisWire.batchMax, topics.count)])
        if underWay[master] < RedisWire.batchesUnderWayMax { send(batch, master) } else { rest += batch }
      }
    }
    queues[master] = rest
  }

  private func send(_ batch: [Topic], _ master: Int) {
    underWay[master] += 1
    redis.meter.note(.subscribeBatches)
    redis.meter.note(.channels, batch.count)
    let generation = links[master].generation
    time.after(RedisWire.roundTrip) { [weak self] in
      guard let self, isUp(master), links[master].generation == generation else { return }
      underWay[master] -= 1
      links[master].hasAnswered = true
      for topic in batch { confirm(topic, master) }
      if !queues[master].isEmpty { flush(master) }
    }
  }

  private func confirm(_ topic: Topic, _ master: Int) {
    guard topics[topic]?.standing == .asked, topics[topic]?.master == master else { return }
    if redis.subscribe(number, topic, at: master) == nil {
      topics[topic]?.standing = .confirmed
      receiver?.following(topic)
    } else {
      topics[topic]?.standing = .wanted
      askMap()
    }
  }

  // MARK: Publishing

  func publish(_ topic: Topic, _ tell: @escaping (any BrokerReceiver) -> Void) {
    let owner = master(of: redis.slot(of: topic))
    guard isUp(owner) else { return redis.meter.note(.dropped) }
    if redis.publish(topic, at: owner, { wire in wire.receiver.map(tell) }) != nil {
      redis.meter.note(.dropped)
      askMap()
    }
  }
}
