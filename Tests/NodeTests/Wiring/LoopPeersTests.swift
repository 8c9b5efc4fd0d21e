import EngineServing
import IORuntime
import Peering
import RedisBroker
import Testing

@testable import Node

@Suite("Where other nodes are")
struct LoopPeersTests {
  private static let seal = PeerSeal(secret: [1, 2, 3])

  private static func record(_ id: String, at address: String?) -> NodeRecord {
    NodeRecord(
      id: id, role: "socket", addresses: [], version: "0.1.0", settings: "",
      entrance: address.map { NodeRecord.Entrance(address: $0, proof: seal.proof(of: id, at: $0)) })
  }

  /// A Redis without memory once emptied the list under nodes that were all well, and those who polled lost their
  /// sessions at every other request.
  @Test func `a list that lacks the node which reads it is none`() {
    let others = [Self.record("socket-2", at: "10.0.0.2:9101"), Self.record("api-1", at: nil)]
    let list = [Self.record("a/1", at: "10.0.0.1:9101")] + others
    // As it stands in ids of sessions.
    let node = EngineDirectory.plainName(of: "a/1")
    let found = LoopPeers.peers(among: list, of: node, seal: Self.seal)
    #expect(found?.map(\.address.description) == ["10.0.0.1:9101", "10.0.0.2:9101"])
    #expect(LoopPeers.peers(among: others, of: node, seal: Self.seal) == nil)
    #expect(LoopPeers.peers(among: [], of: node, seal: Self.seal) == nil)
  }
}
