import ChatCore
import Delivery

/// What a simulated cluster is made of and what befalls it; ``random(_:)`` draws one from dice.
public struct SimulationSettings: Sendable {
  /// How many nodes; one that is killed is replaced after a while.
  public var nodes = 3
  /// How many users, each with one client.
  public var users = 6
  /// How many groups of them.
  public var groups = 4
  /// How long things go wrong.
  public var trouble: Milliseconds = 12_000
  /// How long nothing goes wrong after that, until all must have everything.
  public var calm: Milliseconds = 15_000
  /// How often each client sends.
  public var sendEvery: ClosedRange<Milliseconds> = 50...600
  /// How often a member is taken in or put out.
  public var churnEvery: ClosedRange<Milliseconds> = 300...2_000
  /// Of a hundred notifications, how many are lost, how many come twice, how many come late.
  public var lost: UInt64 = 5, twice: UInt64 = 5, late: UInt64 = 10
  /// How late.
  public var lateness: ClosedRange<Milliseconds> = 1...400
  /// How often the broker of a node is interrupted, if at all, and for how long.
  public var interruptEvery: ClosedRange<Milliseconds>? = 2_000...6_000
  /// How long an interruption lasts.
  public var interruption: ClosedRange<Milliseconds> = 50...3_000
  /// How often a node is killed, if at all.
  public var killEvery: ClosedRange<Milliseconds>? = 3_000...8_000
  /// How long a statement takes.
  public var latency: ClosedRange<Milliseconds> = 0...15
  /// Of a thousand statements, how many fail, and how many succeed but say that they failed.
  public var failing: UInt64 = 10, inDoubt: UInt64 = 10
  /// How often the database is away, if at all.
  public var outageEvery: ClosedRange<Milliseconds>? = 4_000...9_000
  /// How long an outage lasts.
  public var outage: ClosedRange<Milliseconds> = 100...3_000
  /// How often a machine of the database is away with a third of the buckets, if at all.
  public var absenceEvery: ClosedRange<Milliseconds>?
  /// How long it is.
  public var absence: ClosedRange<Milliseconds> = 100...4_000
  /// How often a client's connection breaks, if at all.
  public var cutEvery: ClosedRange<Milliseconds>? = 1_500...6_000
  /// How often a client stops reading, if at all, and for how long.
  public var stallEvery: ClosedRange<Milliseconds>? = 3_000...9_000
  /// How long it does not read.
  public var stall: ClosedRange<Milliseconds> = 100...2_500
  /// What bounds the hubs; small, so that limits are met.
  public var limits: DeliveryLimits

  /// A cluster with a little of all trouble.
  public init() {
    limits = DeliveryLimits()
    limits.sendQueueBytesMax = 1_500
    limits.catchUpBytesMax = 500
    limits.resumeEntriesMax = 60
    limits.pageEntries = 8
    limits.heldEntriesMax = 8
    limits.joinsPerTurn = 2
    limits.resumesAtOnceMax = 3
    limits.lingerFor = 3_000
    limits.toldPerTurn = 1
    limits.toldAtOnceMax = 1
    limits.tellingsMax = 3
  }

  /// A cluster of another size, with more of some trouble and less of other.
  public static func random(_ dice: inout SeededDice) -> SimulationSettings {
    var settings = SimulationSettings()
    settings.nodes = Int(dice.pick(1...4))
    settings.users = Int(dice.pick(2...7))
    settings.groups = Int(dice.pick(1...5))
    settings.lost = dice.once(in: 3) ? 40 : UInt64(dice.pick(0...10))
    settings.twice = UInt64(dice.pick(0...20))
    settings.late = UInt64(dice.pick(0...40))
    if dice.once(in: 3) { settings.interruptEvery = nil }
    if dice.once(in: 3) { settings.killEvery = nil }
    if dice.once(in: 3) { settings.outageEvery = nil }
    if dice.once(in: 3) { settings.cutEvery = nil }
    if dice.once(in: 2) { settings.stallEvery = nil }
    if dice.once(in: 4) { settings.churnEvery = 60...300 }
    if dice.once(in: 4) { settings.sendEvery = 10...80 }
    settings.latency = 0...dice.pick(0...40)
    if dice.once(in: 3) { settings.absenceEvery = 1_000...5_000 }
    return settings
  }
}
