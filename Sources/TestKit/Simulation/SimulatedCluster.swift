import ChatCore
import Delivery
import MemoryAdapters

/// A cluster of nodes over one log and one faulty broker, its clients, and what befalls them; all follows from a seed.
///
///     let failures = SimulatedCluster(seed: 7).run()   // what the checkers found; empty when all is well
///
/// - Isolation: one thread.
public final class SimulatedCluster: SimulationHome, @unchecked Sendable {
  /// The seed, for the failure's message.
  public let seed: UInt64
  let settings: SimulationSettings
  let time = VirtualTime()
  let world: MemoryWorld
  let store: TroubledStore
  private let troubles: RandomTroubles
  let bus = MemoryBus()
  private(set) var nodes: [BusNode] = []
  private(set) var clients: [SimulatedClient] = []
  private(set) var groups: [ConversationID] = []
  private var dead = DeliveryCounts()
  private var dice: SeededDice
  private var isCalm = false

  /// A cluster whose make and troubles follow from the seed.
  public convenience init(seed: UInt64) {
    var dice = SeededDice(seed: seed)
    self.init(seed: seed, settings: .random(&dice))
  }

  /// A cluster of that make, whose troubles follow from the seed.
  public init(seed: UInt64, settings: SimulationSettings) {
    self.seed = seed
    self.settings = settings
    dice = SeededDice(seed: seed &+ 1)
    world = MemoryWorld(clock: VirtualClock(time))
    troubles = RandomTroubles(time, settings, seed: seed &+ 2)
    store = TroubledStore(world, troubles)
  }

  /// Lets it live through its troubles and the calm after them.
  ///
  /// - Returns: what the checkers found, one sentence each.
  public func run() -> [String] {
    guard populate() else { return ["the world could not be made"] }
    bus.setFate { [unowned self] _, _ in fate() }
    for _ in 0..<settings.nodes { nodes.append(BusNode(self, seed: dice.next())) }
    for client in clients { client.connectSoon() }
    beginTroubles()
    time.run(for: settings.trouble)
    becomeCalm()
    time.run(for: settings.calm)
    let checks = SimulationChecks(self)
    worstDelay = checks.worstDelay
    for node in nodes { node.loop.die() }
    time.run(for: 20_000)
    return checks.failures
  }

  /// The longest time from the commit of an entry to a client that was connected and live by then.
  public private(set) var worstDelay: Milliseconds = 0

  /// What all nodes have done together.
  public var counts: DeliveryCounts {
    nodes.map(\.hub.report).reduce(into: dead) { $0.add($1) }
  }

  /// How many entries came to clients.
  public var heard: Int { heardByAll }

  /// How often a conversation went on that was away at a resume.
  public var wentOnLater: Int { clients.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.later.count } } }

  /// A number that two runs share only when the same came to the same clients in the same order at the same time.
  public var fingerprint: UInt64 { transcriptHash }

  var limits: DeliveryLimits { settings.limits }

  func door(for client: SimulatedClient, _ dice: inout SeededDice) -> SimulatedNode? {
    dice.pick(of: nodes.filter { !$0.isDead })
  }

  func wait(afterFailures failures: Int, told: Milliseconds?, _ dice: inout SeededDice) -> Milliseconds {
    dice.pick(5...500)
  }

  // MARK: Making

  private func populate() -> Bool {
    for index in 0..<settings.users {
      guard let (user, caller) = register("user-\(index)") else { return false }
      clients.append(SimulatedClient(user, caller, in: self, seed: dice.next()))
    }
    for index in 0..<settings.groups {
      let owner = clients[0].user
      let members = clients.dropFirst().filter { _ in !dice.once(in: 3) }.map(\.user)
      guard let group = makeGroup("group-\(index)", owner: owner, members: members) else { return false }
      groups.append(group)
    }
    return true
  }

  // MARK: Troubles

  private func fate() -> MemoryBus.Fate {
    if isCalm { return .arrives }
    let roll = dice.next() % 100
    if roll < settings.lost { return .lost }
    if roll < settings.lost + settings.twice { return .twice }
    return roll < settings.lost + settings.twice + settings.late ? .late(dice.pick(settings.lateness)) : .arrives
  }

  private func beginTroubles() {
    for client in clients { now(and: settings.sendEvery) { _ in client.say() } }
    now(and: settings.churnEvery) { $0.churn() }
    now(and: settings.interruptEvery) { $0.interruptSomeone() }
    now(and: settings.killEvery) { $0.killSomeone() }
    now(and: settings.outageEvery) { $0.loseDatabase() }
    now(and: settings.absenceEvery) { $0.loseMachine() }
    for client in clients {
      now(and: settings.cutEvery) { _ in client.cut() }
      now(and: settings.stallEvery) { $0.stall(client) }
    }
  }

  /// Again and again until it is calm.
  private func now(and every: ClosedRange<Milliseconds>?, _ event: @escaping (SimulatedCluster) -> Void) {
    guard let every else { return }
    time.schedule(after: dice.pick(every)) { [weak self] in
      guard let self, !isCalm else { return }
      event(self)
      now(and: every, event)
    }
  }

  private func becomeCalm() {
    isCalm = true
    troubles.isCalm = true
    troubles.isAway = false
    world.absentBuckets = []
    for node in nodes where !node.isDead { node.broker.restore() }
  }

  private func churn() {
    guard let group = dice.pick(of: groups), let subject = dice.pick(of: Array(clients.dropFirst())),
      let node = dice.pick(of: nodes.filter { !$0.isDead })
    else { return }
    let (chat, owner, user, takesIn) = (node.chat, clients[0].caller, subject.user.id, dice.once(in: 2))
    node.loop.spawn {
      if takesIn {
        _ = try? await PutMember(conversation: group, user: user).run(in: chat, as: owner)
      } else {
        try? await RemoveMember(conversation: group, user: user).run(in: chat, as: owner)
      }
    }
  }

  private func interruptSomeone() {
    guard let node = dice.pick(of: nodes.filter { !$0.isDead }) else { return }
    // All of one Redis, or what one of a cluster's masters carries.
    node.broker.interrupt(dice.once(in: 2) ? .whole : Interruption(of: aThirdOfBuckets()))
    time.schedule(after: dice.pick(settings.interruption)) {
      if !node.isDead { node.broker.restore() }
    }
  }

  private func aThirdOfBuckets() -> Set<Bucket> {
    let third = Int16.random(in: 0..<3, using: &dice)
    return Set((0..<Bucket.count).compactMap { $0 % 3 == third ? Bucket($0) : nil })
  }

  private func killSomeone() {
    guard let index = nodes.indices.filter({ !nodes[$0].isDead }).randomElement(using: &dice) else { return }
    let node = nodes[index]
    dead.add(node.hub.report)
    node.die()
    for client in clients where client.line?.node === node {
      time.schedule(after: dice.pick(0...1_500)) { [line = client.line] in line?.cut() }
    }
    time.schedule(after: dice.pick(200...2_000)) { [weak self] in
      guard let self else { return }
      nodes[index] = BusNode(self, seed: dice.next())
    }
  }

  private func loseDatabase() {
    troubles.isAway = true
    time.schedule(after: dice.pick(settings.outage)) { [weak self] in self?.troubles.isAway = false }
  }

  private func loseMachine() {
    let lost = aThirdOfBuckets()
    world.absentBuckets = lost
    time.schedule(after: dice.pick(settings.absence)) { [weak self] in
      if let self, world.absentBuckets == lost { world.absentBuckets = [] }
    }
  }

  private func stall(_ client: SimulatedClient) { client.stall(for: dice.pick(settings.stall)) }
}

extension DeliveryCounts {
  /// Adds what another loop has done.
  fileprivate mutating func add(_ other: DeliveryCounts) {
    delivered += other.delivered
    repaired += other.repaired
    held += other.held
    duplicates += other.duplicates
    refused += other.refused
    headChecks += other.headChecks
    lostFound += other.lostFound
    failedReads += other.failedReads
    slowReaders += other.slowReaders
    resumed += other.resumed
    interruptions += other.interruptions
  }
}
