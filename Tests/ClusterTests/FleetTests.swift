import ChatCore
import Delivery
import Glibc
import RedisBroker
import Testing

@testable import TestKit

/// Hundreds of nodes in virtual time: what the control plane does when things go wrong, asserted on counts.
///
/// A failure names its seed; `Fleet(seed:)` with the same plan plays it again. `MARTLET_SIMULATION_SEEDS=200` plays
/// that many fleets of 500 nodes, and four times as many of 60, through random troubles, for the night.
@Suite struct FleetTests {
  typealias Plan = [(at: Milliseconds, event: FleetEvent)]

  /// Lives through the plan, and expects that every check holds.
  private static func play(_ seed: UInt64, _ plan: Plan, _ settings: FleetSettings = FleetSettings()) -> Fleet {
    let fleet = Fleet(seed: seed, settings)
    let failures = fleet.live(through: plan)
    #expect(failures.isEmpty, "seed \(seed): \(failures.count) failures: \(failures.prefix(5).joined(separator: "; "))")
    return fleet
  }

  @Test func `when a master dies its channels are followed anew a few at a time, and each entry missed is read once`() {
    let fleet = Self.play(1, [(1_000, .masterDies(failover: 4_000))])
    fleet.expectCatchUpIsBounded()
    let (lost, asked) = (fleet.quietSubscriptions.max() ?? 0, fleet.meter.total(.channels, fleet.trouble))
    #expect(asked > lost / 2 && asked < lost * 3 / 2, "\(asked) channels asked for, \(lost) lost")
    #expect(fleet.meter.peak(.channels, fleet.trouble) < lost * 3 / 4, "nodes come back together")
  }

  @Test func `a resharding under load loses nothing, and no more is asked for than has moved`() {
    let fleet = Self.play(3, [(1_000, .reshard), (6_000, .reshard)])
    fleet.expectCatchUpIsBounded()
    let asked = fleet.meter.total(.channels, fleet.trouble)
    #expect(asked > 0 && asked < fleet.quietSubscriptions.reduce(0, +) / 2)
  }

  @Test func `who went with a tenth of all nodes is gone everywhere in time, and the others are back`() {
    let fleet = Self.play(4, [(1_000, .nodesDie(20))])
    fleet.expectCatchUpIsBounded()
    let told = fleet.clients.filter { client in
      client.watched.contains { fleet.ghosts[$0] != nil && client.seen[$0]?.isOnline == false }
    }
    #expect(fleet.ghosts.count > 5 && told.count > 5)
    #expect(fleet.meter.total(.scriptKeys) <= 3 * fleet.meter.total(.scripts))
  }

  @Test func `when the balancer dies all come back, but not all at once, and the database is not drowned`() {
    let fleet = Self.play(5, [(1_000, .balancerDies(3_000))])
    #expect(fleet.meter.total(.connects, Fleet.quietUntil..<Milliseconds.max) >= fleet.settings.users)
    #expect(fleet.meter.peak(.connects, fleet.trouble) <= fleet.settings.users / 2)
    #expect(fleet.meter.total(.lateStatements) == 0)
    #expect(fleet.postgres.longestQueue < 2_000)
  }

  @Test func `every node is replaced while all talk, and clients move at the pace that the grace allows`() {
    var settings = FleetSettings()
    (settings.trouble, settings.messagesPerSecond) = (30_000, 30)
    let (atOnce, grace) = (25, Milliseconds(4_000))
    let fleet = Self.play(6, [(1_000, .replaceAll(atOnce: atOnce, grace: grace))], settings)
    #expect(fleet.replaced == settings.nodes)
    // Sent away over half the grace; nodes that are yet to leave have up to twice their share by then.
    let leaving = 2 * atOnce * settings.users / settings.nodes
    #expect(fleet.meter.peak(.connects, fleet.trouble) <= leaving * 1_000 / Int(grace / 2))
    #expect(fleet.meter.total(.lateStatements) == 0)
  }

  @Test func `nodes that reach neither Redis nor PostgreSQL for a while lose nothing and heal`() {
    let fleet = Self.play(7, [(1_000, .redisCut(40, 12_000)), (3_000, .postgresCut(40, 6_000))])
    fleet.expectCatchUpIsBounded()
    let begunAnew = fleet.nodes.reduce(0) { $0 + $1.presence.office.counters.begunAnew }
    #expect(begunAnew == 40, "a node that is away for longer than its lease begins anew, once")
  }

  @Test func `a message to all is published once, however many they are, and each node is told once`() {
    var settings = FleetSettings()
    (settings.users, settings.groups, settings.membersPerGroup) = (600, 1, 1_800)
    (settings.trouble, settings.calm, settings.churnEvery) = (4_000, 5_000, nil)
    settings.messagesPerSecond = 5
    let fleet = Self.play(9, [], settings)
    let members = fleet.members[fleet.groups[0]]?.count ?? 0
    let sent = fleet.clients.reduce(0) { $0 + $1.acknowledged.count }
    let nodes = Set(fleet.clients.compactMap(\.line).map { ObjectIdentifier($0.node) }).count
    #expect(members > 500 && sent > 20)
    #expect(fleet.meter.total(.publishes) == sent)
    #expect(fleet.meter.total(.copies) <= sent * nodes)
  }

  @Test func `a fleet's life follows from its seed alone`() {
    let (one, two) = (Self.small(11), Self.small(11))
    #expect(one.transcriptHash == two.transcriptHash)
    for kind in FleetMeter.Kind.allCases { #expect(one.meter.total(kind) == two.meter.total(kind), "\(kind)") }
  }

  @Test(arguments: [113, 117, 120] + Array(UInt64(200)..<200 + 4 * FleetTests.seedsOfTheNight))
  func `whatever befalls a fleet, it heals`(seed: UInt64) { _ = Self.small(seed) }

  @Test(.enabled(if: FleetTests.seedsOfTheNight > 0), arguments: UInt64(10_000)..<10_000 + FleetTests.seedsOfTheNight)
  func `whatever befalls a large fleet in a night, it heals`(seed: UInt64) {
    var settings = FleetSettings()
    (settings.nodes, settings.users, settings.groups) = (500, 3_000, 800)
    (settings.masters, settings.messagesPerSecond, settings.postgresCapacity) = (5, 150, 4_000)
    (settings.trouble, settings.calm) = (60_000, 40_000)
    _ = Self.random(seed, settings, troubles: 12)
  }

  /// A checker that never fails checks nothing.
  @Test func `without saying again who is there, or without comparing heads, the checks complain`() {
    var settings = FleetSettings()
    (settings.nodes, settings.users, settings.groups) = (50, 400, 100)
    settings.saysAgain = false
    let forgetful = Fleet(seed: 13, settings)
    // Clients come back while the replica of a master that will die no longer follows.
    let plan: Plan = [(0, .balancerDies(2_500)), (3_000, .masterDies(failover: 3_000, lag: 2_000))]
    #expect(forgetful.live(through: plan).contains { $0.contains("takes") })
    settings.saysAgain = true
    let trusting = Fleet(seed: 13, settings)
    (trusting.limits.headCheckEvery, trusting.limits.headCheckInterruptedEvery) = (1_000_000, 1_000_000)
    (trusting.limits.suspectsGather, trusting.limits.holdFor) = (1_000_000, 1_000_000)
    #expect(trusting.live(through: plan).contains { $0.contains("whose head is") })
  }

  private static func small(_ seed: UInt64) -> Fleet {
    var settings = FleetSettings()
    (settings.nodes, settings.users, settings.groups) = (60, 300, 80)
    // Who has knocked in vain four times may wait for sixteen seconds.
    (settings.messagesPerSecond, settings.trouble, settings.calm) = (20, 20_000, 35_000)
    return random(seed, settings, troubles: 4)
  }

  private static func random(_ seed: UInt64, _ settings: FleetSettings, troubles: Int) -> Fleet {
    var dice = SeededDice(seed: seed &+ 0xF1EE7)
    let plan = (0..<troubles).map { _ in
      (at: dice.pick(0...(settings.trouble - 10_000)), event: FleetEvent.random(nodes: settings.nodes, &dice))
    }
    return play(seed, plan, settings)
  }

  static let seedsOfTheNight = getenv("MARTLET_SIMULATION_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 0
}

extension Fleet {
  /// From when nothing had gone wrong to the calm.
  var trouble: Range<Milliseconds> { Fleet.quietUntil..<troubleEnds }

  /// What was missed is read once for each node that follows, never again and again, and nobody waits long for it.
  func expectCatchUpIsBounded() {
    let copiesASecond = Int(settings.messagesPerSecond) * settings.membersPerGroup
    #expect(meter.peak(.pages, trouble) <= 2 * copiesASecond, "seed \(seed): pages of the log in a second")
    #expect(meter.total(.pages) <= meter.total(.copies), "seed \(seed): reading costs more than telling")
    // A node compares at most eight times in three seconds, while Redis is away.
    #expect(meter.peak(.counters) <= settings.nodes * 8 / 3, "seed \(seed): comparisons in a second")
    #expect(meter.total(.lateStatements) == 0, "seed \(seed)")
    #expect(postgres.longestQueue < 1_000, "seed \(seed)")
  }
}
