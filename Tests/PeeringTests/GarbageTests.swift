import HTTP1
import TestKit
import Testing

@testable import Peering

/// What no other node says: refused, and never a trap.
struct GarbageTests {
  @Test func `seals and addresses`() {
    let seal = PeerSeal(secret: PeerSealTests.secret)
    let gate = PeerGate(seal: seal, node: "b") { 1_000_000 }
    let hop = PeerHop(from: "a", to: "b", client: "-", time: 1_000_000, nonce: 7)
    let value = seal.value(hop, method: .get, target: "/x", headers: ["Host": "h"], body: [])
    func admits(_ value: String) -> Bool {
      let headers: HeaderFields = ["Host": "h", PeerHop.field: value]
      let request = Request(head: RequestHead(method: .get, target: "/x", headers: headers), body: [], peer: "::1")
      return (try? gate.admit(request)) != nil
    }
    #expect(admits(value))
    for bytes in Garbage.of([value], marks: [" ", "-", "0", "é", "7fffffffffffffff", "\0"]) {
      #expect(!admits(String(decoding: bytes, as: UTF8.self)))
    }
    var nodes = 0
    for bytes in Garbage.of(["192.0.2.7:9001", "[::1]:1", "h:65535"], marks: [":", "[", "]", "[]", "é", "0"]) {
      let address = String(decoding: bytes, as: UTF8.self)
      let proof = seal.proof(of: "a", at: address)
      if PeerNode(node: "a", address: address, proof: proof, seal: seal) != nil { nodes += 1 }
    }
    #expect(nodes > 100)
  }
}
