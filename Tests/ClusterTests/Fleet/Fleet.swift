import ChatCore
import Delivery
import MemoryAdapters

@testable import TestKit

/// Hundreds of socket nodes, their clients, a modelled Redis cluster and PostgreSQL, and what befalls them; all follows
/// from a seed.
///
///     let fleet = Fleet(seed: 7, FleetSettings())
///     let failures = fleet.live(through: [(8_000, .reshard)])   // what the checkers found
///
/// - Isolation: one thread.
final class Fleet: SimulationHome, @unchecked Sendable {
  let seed: UInt64
  let settings: FleetSettings
  let time = VirtualTime()
  let world: MemoryWorld
  let redis: RedisModel
  let postgres: PostgresModel
  private(set) var nodes: [FleetNode] = []
  private(set) var clients: [SimulatedClient] = []
  private(set) var groups: [ConversationID] = []
  private(set) var members: [ConversationID: [UserID]] = [:]
  /// Who was put out of a conversation: he and who stayed there may know no more of each other.
  private(set) var putOut: Set<UserID> = []
  /// When users went with their node for good.
  private(set) var ghosts: [UserID: Milliseconds] = [:]
  /// Copies of subscriptions when nothing had gone wrong yet, a number a master.
  private(set) var quietSubscriptions: [Int] = []
  private(set) var replaced = 0
  var limits = DeliveryLimits()
  var dice: SeededDice
  private var nodesMade = 0
  private var isBalancerAway = false
  private(set) var isCalm = false

  /// When all clients have come and nothing has gone wrong yet.
  static let quietUntil: Milliseconds = 6_000
  /// How long a balancer takes to see that a node has died.
  static let noticed: Milliseconds = 1_000

  init(seed: UInt64, _ settings: FleetSettings = FleetSettings()) {
    self.seed = seed
    self.settings = settings
    dice = SeededDice(seed: seed)
    world = MemoryWorld(clock: VirtualClock(time))
    redis = RedisModel(masters: settings.masters, time: time)
    postgres = PostgresModel(time, redis.meter, capacity: settings.postgresCapacity)
  }

  var meter: FleetMeter { redis.meter }
  /// When the calm begins.
  var troubleEnds: Milliseconds { Fleet.quietUntil + settings.trouble }

  /// Lets it live through these, by their times after ``quietUntil``, and the calm after them.
  func live(through plan: [(at: Milliseconds, event: FleetEvent)]) -> [String] {
    guard populate() else { return ["the world could not be made"] }
    // Nodes of a real cluster do not tick together.
    for _ in 0..<settings.nodes {
      time.schedule(after: dice.pick(0...950)) { [self] in nodes.append(makeNode()) }
    }
    time.run(for: 1_000)
    for client in clients {
      time.schedule(after: dice.pick(500...3_500)) { client.connectSoon() }
    }
    talk()
    time.run(for: Fleet.quietUntil - time.now)
    quietSubscriptions = redis.subscriptions
    for (at, event) in plan { time.schedule(after: at) { [weak self] in self?.befall(event) } }
    churn()
    time.run(for: settings.trouble)
    isCalm = true
    time.run(for: settings.calm)
    var failures = SimulationChecks(self).failures
    failures += FleetChecks(self).failures
    return failures
  }

  // MARK: Making

  func makeNode() -> FleetNode {
    nodesMade += 1
    return FleetNode(self, name: "node-\(nodesMade)", seed: dice.next())
  }

  private func populate() -> Bool {
    for index in 0..<settings.users {
      guard let (user, caller) = register("user-\(index)") else { return false }
      clients.append(SimulatedClient(user, caller, in: self, seed: dice.next()))
    }
    for index in 0..<settings.groups {
      // The owner is not put out, and users of all places meet.
      let chosen = (0..<settings.membersPerGroup).compactMap { _ in dice.pick(of: clients)?.user }
      let owner = clients[index % clients.count].user
      let others = Dictionary(chosen.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }).values
        .filter { $0.id != owner.id }.sorted { $0.id < $1.id }
      guard let group = makeGroup("group-\(index)", owner: owner, members: others) else { return false }
      groups.append(group)
      members[group] = [owner.id] + others.map(\.id)
    }
    let friends = Dictionary(grouping: members.values.flatMap { list in list.map { ($0, list) } }, by: \.0)
    for client in clients {
      let known = Set((friends[client.user.id] ?? []).flatMap(\.1)).subtracting([client.user.id]).sorted()
      client.watched = Array(known.shuffled(using: &dice).prefix(settings.watchedPerUser))
    }
    return true
  }

  // MARK: What clients need

  func door(for client: SimulatedClient, _ dice: inout SeededDice) -> SimulatedNode? {
    guard !isBalancerAway else { return nil }
    let candidates = nodes.filter { node in
      node.state == .ready || node.overSince.map { time.now - $0 < Fleet.noticed } ?? false
    }
    guard let node = dice.pick(of: candidates), node.state == .ready else { return nil }
    meter.note(.connects)
    return node
  }

  /// As the guide for clients has it: what the node said, else anything up to a second, doubled with each failure.
  func wait(afterFailures failures: Int, told: Milliseconds?, _ dice: inout SeededDice) -> Milliseconds {
    if let told, failures == 0 { return told }
    return dice.pick(20...min(16_000, 1_000 << Int64(min(failures, 5))))
  }

  func lines(at node: FleetNode) -> [SimulatedLine] { clients.compactMap(\.line).filter { $0.node === node } }

  // MARK: What befalls it

  private func talk() {
    time.schedule(after: dice.pick(1...(2_000 / max(1, settings.messagesPerSecond)))) { [weak self] in
      guard let self, !isCalm else { return }
      if let client = dice.pick(of: clients), !client.isGone { client.say() }
      talk()
    }
  }

  private func churn() {
    guard let every = settings.churnEvery else { return }
    time.schedule(after: dice.pick(every)) { [weak self] in
      guard let self, !isCalm else { return }
      changeMembers()
      churn()
    }
  }

  private func changeMembers() {
    guard let group = dice.pick(of: groups), let owner = members[group]?.first,
      let caller = clients.first(where: { $0.user.id == owner })?.caller,
      let subject = dice.pick(of: clients)?.user.id, let node = dice.pick(of: nodes.filter { $0.state == .ready })
    else { return }
    let puts = (members[group] ?? []).dropFirst().randomElement(using: &dice)
    let takesIn = dice.once(in: 2)
    let chat = node.chat
    if !takesIn, let puts { putOut.insert(puts) }
    node.loop.spawn {
      if takesIn {
        _ = try? await PutMember(conversation: group, user: subject).run(in: chat, as: caller)
      } else if let puts {
        try? await RemoveMember(conversation: group, user: puts).run(in: chat, as: caller)
      }
    }
  }

  func replace(_ index: Int) {
    nodes[index] = makeNode()
    replaced += 1
  }

  func setBalancerAway(_ isAway: Bool) { isBalancerAway = isAway }

  func becameGhost(_ client: SimulatedClient) {
    ghosts[client.user.id] = time.now
    client.goAway()
  }
}
