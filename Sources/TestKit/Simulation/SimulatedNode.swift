import ChatCore
import Delivery
import MemoryAdapters

/// One node of one loop: its hub, and the domain as its sessions reach it.
class SimulatedNode: @unchecked Sendable {
  let loop: VirtualLoop
  let hub: Hub
  let chat: Chat

  init(loop: VirtualLoop, hub: Hub, chat: Chat) {
    self.loop = loop
    self.hub = hub
    self.chat = chat
    hub.start()
  }

  var isDead: Bool { loop.isDead }
}

/// A node on a ``MemoryBus``.
final class BusNode: SimulatedNode, @unchecked Sendable {
  let broker: MemoryBroker

  init(_ cluster: SimulatedCluster, seed: UInt64) {
    let loop = VirtualLoop(time: cluster.time, seed: seed)
    broker = MemoryBroker(on: cluster.bus) { delay, work in loop.schedule(after: delay, work) }
    let hub = Hub(
      ports: loop, broker: broker, log: cluster.store, conversations: cluster.store, contacts: cluster.world,
      signIns: cluster.world,
      limits: cluster.settings.limits)
    let chat = Chat.simulated(cluster.store, cluster.world, publisher: broker, cluster.time)
    super.init(loop: loop, hub: hub, chat: chat)
  }

  /// `kill -9`: no timer fires, nothing is told any more, and what was committed and not yet published never is.
  func die() {
    loop.die()
    broker.interrupt()
  }
}

extension Chat {
  /// The domain over a store that troubles may befall, and the world behind it.
  static func simulated(
    _ store: TroubledStore, _ world: MemoryWorld, publisher: any Publisher, _ time: VirtualTime
  ) -> Chat {
    let clock = VirtualClock(time)
    return Chat(
      users: world, sessions: world, conversations: store, contacts: world, cleanups: world, log: store,
      messages: store, files: world,
      blobs: world, credentials: FakeCredentials(), publisher: publisher, limiter: MemoryRateLimiter(clock: clock),
      clock: clock)
  }
}
