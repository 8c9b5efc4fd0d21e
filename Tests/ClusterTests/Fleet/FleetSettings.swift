import ChatCore
import TestKit

/// How large a fleet is, and how busy.
struct FleetSettings {
  var nodes = 200
  var masters = 3
  var users = 800
  var groups = 200
  var membersPerGroup = 12
  /// Messages a second, all users together.
  var messagesPerSecond: Int64 = 50
  /// How long things go wrong, and how long nothing does after that.
  var trouble: Milliseconds = 18_000
  var calm: Milliseconds = 12_000
  /// Pieces of work a second of PostgreSQL: about three times what the quiet fleet asks for.
  var postgresCapacity = 1_500
  var connectionsPerNode = 4
  /// Users whom each client watches, of those with whom it shares a group.
  var watchedPerUser = 2
  /// How often a member is taken in or put out.
  var churnEvery: ClosedRange<Milliseconds>? = 400...1_200
  /// Whether nodes say again who is there once they reach a master again; off, to see that a check complains.
  var saysAgain = true
}

/// What befalls a fleet.
enum FleetEvent {
  /// A master dies; after that many milliseconds its replica takes over, without what was last written.
  case masterDies(failover: Milliseconds, lag: Milliseconds = 200)
  /// A third of a master's slots moves to another.
  case reshard
  /// So many nodes die at once, with some of their users for good; others take their places.
  case nodesDie(Int)
  /// The balancer dies and cuts all connections; it is back after that time.
  case balancerDies(Milliseconds)
  /// Every node is replaced, so many at a time, with that grace.
  case replaceAll(atOnce: Int, grace: Milliseconds)
  /// So many nodes do not reach Redis for that time.
  case redisCut(Int, Milliseconds)
  /// So many nodes do not reach PostgreSQL for that time.
  case postgresCut(Int, Milliseconds)
  /// PostgreSQL is away for that time.
  case postgresAway(Milliseconds)

  /// A trouble drawn from dice.
  static func random(nodes: Int, _ dice: inout SeededDice) -> FleetEvent {
    let some = Int(dice.pick(1...Int64(max(1, nodes / 5))))
    switch dice.pick(0...7) {
    case 0: return .masterDies(failover: dice.pick(2_000...9_000))
    case 1: return .reshard
    case 2: return .nodesDie(some)
    case 3: return .balancerDies(dice.pick(500...4_000))
    case 4: return .replaceAll(atOnce: max(1, nodes / 6), grace: dice.pick(1_000...3_000))
    case 5: return .redisCut(some, dice.pick(500...14_000))
    case 6: return .postgresCut(some, dice.pick(500...7_000))
    default: return .postgresAway(dice.pick(500...4_000))
    }
  }
}
