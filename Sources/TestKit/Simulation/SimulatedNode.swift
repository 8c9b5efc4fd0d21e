import ChatCore
import Delivery
import MemoryAdapters

/// One node of one loop: its hub, its broker, and the domain as its sessions reach it.
final class SimulatedNode: @unchecked Sendable {
  let loop: VirtualLoop
  let broker: MemoryBroker
  let hub: Hub
  let chat: Chat

  init(_ cluster: SimulatedCluster, seed: UInt64) {
    let loop = VirtualLoop(time: cluster.time, seed: seed)
    self.loop = loop
    broker = MemoryBroker(on: cluster.bus) { delay, work in loop.schedule(after: delay, work) }
    hub = Hub(
      ports: loop, broker: broker, log: cluster.store, conversations: cluster.store, signIns: cluster.world,
      limits: cluster.settings.limits)
    chat = Chat(
      users: cluster.world, sessions: cluster.world, conversations: cluster.store, contacts: cluster.world,
      log: cluster.store, messages: cluster.store, files: cluster.world, blobs: cluster.world,
      credentials: FakeCredentials(), publisher: broker,
      limiter: MemoryRateLimiter(clock: VirtualClock(cluster.time)), clock: VirtualClock(cluster.time))
    hub.start()
  }

  var isDead: Bool { loop.isDead }

  /// `kill -9`: no timer fires, nothing is told any more, and what was committed and not yet published never is.
  func die() {
    loop.die()
    broker.interrupt()
  }
}
