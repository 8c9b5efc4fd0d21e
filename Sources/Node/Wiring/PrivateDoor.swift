import ChatCore
import EngineServing
import HTTP1
import IORuntime
import Peering
import RedisBroker
import Serving
import Tokens

/// What the loops of a node share of its private door, and of passing requests on to others'.
///
/// Only a node that can be reached by the others passes requests on: half a cluster of such nodes would lose sessions
/// at every other request.
struct PrivateDoor: Sendable {
  let node: String
  let seal: PeerSeal
  let gate: PeerGate
  let limits: PeerLimits

  static let clock: @Sendable () -> Int64 = { SystemClock().now.milliseconds }

  /// Of a node that holds sockets and has a private address; nil for all others.
  static func make(_ configuration: Configuration, role: Role, node: String, loops: Int) -> PrivateDoor? {
    guard role.servesSockets, role != .dev, configuration.serving.privateListen != nil,
      let secret = configuration.secrets.refreshKey?.revealed
    else { return nil }
    let name = EngineDirectory.plainName(of: node)
    let seal = PeerSeal(secret: secret)
    return PrivateDoor(
      node: name, seal: seal, gate: PeerGate(seal: seal, node: name, clock: clock),
      limits: PeerLimits().shared(by: loops))
  }

  /// What others are told: where the door is, and the proof that it is ours.
  func entrance(_ configuration: Configuration, _ listener: Listener, of node: String) -> NodeRecord.Entrance {
    let address = configuration.serving.privateAddress?.description ?? listener.address.description
    return NodeRecord.Entrance(address: address, proof: seal.proof(of: node, at: address))
  }
}

/// One loop's private door, and its way to the doors of others.
///
/// - Isolation: its loop.
final class LoopPeers: @unchecked Sendable {
  let loop: EventLoop
  let client: PeerClient
  let door: PeerDoor
  private let server: HTTPServer

  init(loop: EventLoop, parts: PrivateDoor, nodes: NodeList, limits: ServingLimits) {
    self.loop = loop
    let seal = parts.seal
    client = PeerClient(
      loop: loop, node: parts.node, seal: seal, limits: parts.limits, clock: PrivateDoor.clock
    ) {
      guard let list = try? await nodes.read() else { return nil }
      return LoopPeers.peers(among: list, of: parts.node, seal: seal)
    }
    door = PeerDoor(gate: parts.gate)
    server = HTTPServer(loop: loop, limits: LoopPeers.limits(limits), handler: door)
  }

  /// Where the others are; nil for a list that lacks the node which reads it, and so is none: of a Redis that has begun
  /// anew, or refuses what nodes write for want of memory or disk. Until it is one again, the last is better.
  static func peers(among list: [NodeRecord], of node: String, seal: PeerSeal) -> [PeerNode]? {
    guard list.contains(where: { EngineDirectory.plainName(of: $0.id) == node }) else { return nil }
    return list.compactMap { record in
      record.entrance.flatMap { PeerNode(node: record.id, address: $0.address, proof: $0.proof, seal: seal) }
    }
  }

  /// Other nodes are few addresses with many connections, and what they pass on waits as long as at their own doors;
  /// what they add to a header has a kilobyte.
  private static func limits(_ clients: ServingLimits) -> ServingLimits {
    var limits = clients
    limits.connectionsPerAddressMax = limits.connectionsMax
    limits.sharesRoom = false
    limits.request.headerBytesMax += 1_024
    limits.idleMilliseconds = max(limits.idleMilliseconds, ServingLimits().idleMilliseconds)
    return limits
  }

  func start(_ listener: Listener) throws(SystemError) { try server.serve(listener) }

  /// Tunnels to others end, each at its own time within `spread`.
  func sayGoodBye(over spread: Milliseconds) { client.leave(over: spread) }

  /// Takes what is passed on as long as there are sessions here, then no more.
  func drain(finished: @escaping () -> Void) {
    guard door.hasSessions else { return server.drain(finished: finished) }
    loop.schedule(after: LoopPeers.look) { [weak self] in self?.drain(finished: finished) }
  }

  /// Milliseconds between two looks whether the last session has ended.
  private static let look: Milliseconds = 20

  func end() {
    client.close()
    server.closeAll()
  }

  var report: PeerCounts {
    var report = client.report
    let taken = door.report
    (report.admitted, report.refused) = (taken.admitted, taken.refused)
    return report
  }
}
