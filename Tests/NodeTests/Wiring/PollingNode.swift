import ChatCore
import Delivery
import EngineIO
import IORuntime
import MemoryAdapters
import TestKit

@testable import EngineServing
@testable import Node

/// What is behind one client of Socket.IO that polls: stores in memory, their hub, and his session of Engine.IO.
///
/// - Isolation: one loop.
struct PollingNode {
  let world = MemoryWorld()
  let surroundings: LoopSurroundings
  let hub: Hub
  let chat: Chat
  let directory = EngineDirectory()
  let session: EngineSession

  init(_ loop: EventLoop) {
    surroundings = LoopSurroundings(loop: loop, dice: Dice())
    let broker = MemoryBroker(on: MemoryBus()) { delay, work in loop.schedule(after: delay, work) }
    hub = Hub(
      ports: surroundings, broker: broker, log: world, conversations: world, contacts: world, signIns: world,
      limits: DeliveryLimits())
    chat = Chat(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world, files: world,
      blobs: world, credentials: FakeCredentials(), publisher: broker, limiter: MemoryRateLimiter(clock: WallClock()),
      clock: WallClock())
    session = EngineSession(
      directory: directory, loop: loop, mount: "", version: .v4, takesBytes: true, isSocket: false,
      limits: EngineLimits(), tally: EngineTally(), from: "192.0.2.1")
  }
}
