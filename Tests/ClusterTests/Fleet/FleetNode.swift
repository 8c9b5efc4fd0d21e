import ChatCore
import Delivery
import MemoryAdapters
import RedisBroker

@testable import TestKit

/// A socket node of a fleet: the product's hub, presence and domain over a modelled Redis and PostgreSQL.
final class FleetNode: SimulatedNode, @unchecked Sendable {
  enum State { case ready, draining, over }

  let name: String
  let wire: RedisWire
  let postgres: PostgresLine
  let presence: FleetPresence
  private(set) var state = State.ready
  /// When it died, for the balancer, which notices later.
  private(set) var overSince: Milliseconds?

  init(_ fleet: Fleet, name: String, seed: UInt64) {
    var dice = SeededDice(seed: seed)
    let loop = VirtualLoop(time: fleet.time, seed: dice.next())
    self.name = name
    wire = RedisWire(fleet.redis, seed: dice.next())
    postgres = PostgresLine(fleet.postgres, connections: fleet.settings.connectionsPerNode)
    wire.saysAgain = fleet.settings.saysAgain
    presence = FleetPresence(wire, node: name, limits: PresenceLimits(), seed: dice.next())
    let store = TroubledStore(fleet.world, postgres)
    let broker = FleetBroker(wire)
    let hub = Hub(
      ports: loop, broker: broker, log: store, conversations: store, contacts: fleet.world,
      signIns: fleet.world, presence: presence,
      limits: fleet.limits)
    super.init(loop: loop, hub: hub, chat: .simulated(store, fleet.world, publisher: broker, fleet.time))
  }

  /// `kill -9`.
  func die() {
    overSince = loop.now
    state = .over
    loop.die()
    presence.die()
    wire.die()
  }

  /// Leaves as the product's `Drain` does: a moment for the balancer, then each session at its own moment within half
  /// of the grace, then the end. The arithmetic of the two spans is modelled, the moments are the product's.
  func drain(_ lines: @escaping () -> [SimulatedLine], grace: Milliseconds, done: @escaping () -> Void) {
    state = .draining
    let (notice, spread) = (min(1_500, grace / 4), grace / 2)
    loop.schedule(after: notice) { [self] in
      for line in lines() {
        loop.schedule(after: loop.ownMoment(within: spread)) { [self] in
          line.sendAway(comeBackAfter: 100 + loop.ownMoment(within: 2_900))
        }
      }
      loop.schedule(after: spread + 100) { [self] in
        presence.leave { [self] in
          guard state == .draining else { return }
          die()
          done()
        }
      }
    }
  }
}
