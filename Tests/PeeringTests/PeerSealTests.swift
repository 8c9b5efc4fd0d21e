import HTTP1
import IORuntime
import Testing

@testable import Peering

@Suite("The seal of requests between nodes")
struct PeerSealTests {
  static let secret = Array("a secret of the cluster, 32 bytes".utf8)
  private let seal = PeerSeal(secret: PeerSealTests.secret)

  private func request(
    _ hop: PeerHop, method: Method = .post, target: String = "/socket.io/?sid=b.x", headers: HeaderFields? = nil,
    body: String = "4hello"
  ) -> Request {
    let headers = headers ?? ["Host": "chat.example", "Origin": "https://chat.example"]
    let value = seal.value(hop, method: method, target: target, headers: headers, body: Array(body.utf8))
    var all = headers
    all.append(PeerHop.field, value)
    all.append("Content-Length", "\(body.utf8.count)")
    return Request(head: RequestHead(method: method, target: target, headers: all), body: Array(body.utf8), peer: "::1")
  }

  private func hop(to: String = "b", time: Int64 = 1_000_000, nonce: UInt64 = 7) -> PeerHop {
    PeerHop(from: "a", to: to, client: "192.0.2.7", time: time, nonce: nonce)
  }

  private func gate(_ now: Int64 = 1_000_000, secret: [UInt8] = PeerSealTests.secret) -> PeerGate {
    PeerGate(seal: PeerSeal(secret: secret), node: "b") { now }
  }

  private func refusal(_ gate: PeerGate, _ request: Request) -> PeerRefusal? {
    do throws(PeerRefusal) {
      _ = try gate.admit(request)
      return nil
    } catch {
      return error
    }
  }

  @Test("a process is proved by the cluster's secret only, and the proof is of nothing else")
  func identity() {
    let proof = seal.proof(ofIdentity: "a\nsocket\n1\np")
    #expect(seal.isGenuine(proof, ofIdentity: "a\nsocket\n1\np"))
    #expect(!seal.isGenuine(proof, ofIdentity: "a\nsocket\n2\np"))
    #expect(!seal.isGenuine(proof, of: "a", at: "socket\n1\np"))
    #expect(!seal.isGenuine("", ofIdentity: "a\nsocket\n1\np"))
    #expect(!PeerSeal(secret: Array("another".utf8)).isGenuine(proof, ofIdentity: "a\nsocket\n1\np"))
  }

  @Test("what a node has sealed is taken as the client made it, with his address")
  func admitted() throws {
    let original = try gate().admit(request(hop()))
    #expect(original.peer == "192.0.2.7")
    #expect(original.headers.contains(PeerHop.field) == false)
    #expect(original.headers["origin"] == "https://chat.example")
    #expect(String(decoding: original.body, as: UTF8.self) == "4hello")
  }

  @Test("of a client's fields only those travel that the owner reads, however many there are")
  func fields() {
    var headers: HeaderFields = ["host": "a", "Origin": "b", "COOKIE": "c", "Sec-WebSocket-Key": "d"]
    for name in ["Authorization", "X-Secret", "Connection", "Upgrade", "Content-Length", PeerHop.field] {
      headers.append(name, "no")
    }
    for number in 0..<90 { headers.append("X-\(number)", "no") }
    let passed = PeerHeaders.passed(headers)
    #expect(passed.map(\.value) == ["a", "b", "c", "d"])
  }

  @Test("a changed line, field, body, address or code is forged, and so is another cluster's")
  func forged() {
    let sealed = request(hop())
    var changes = [sealed, sealed, sealed, sealed, sealed, sealed, sealed]
    changes[0].head.method = .get
    changes[1].head.target = "/socket.io/?sid=b.y"
    changes[2].head.headers.set("Origin", "https://evil.example")
    changes[3].head.headers.append("Cookie", "session=1")
    changes[4].body = Array("4hellO".utf8)
    changes[5].head.headers.set(
      PeerHop.field, (sealed.headers[PeerHop.field] ?? "").replacing("192.0.2.7", with: "192.0.2.8"))
    changes[6].head.headers.set(PeerHop.field, (sealed.headers[PeerHop.field] ?? "").dropLast() + "")
    for changed in changes { #expect(refusal(gate(), changed) == .forged) }
    #expect(refusal(gate(secret: Array("a secret of another, also 32 bytes".utf8)), sealed) == .forged)
  }

  @Test("a request without the field, with two or with one that cannot be read is refused")
  func malformed() {
    var plain = request(hop())
    plain.head.headers.remove(PeerHop.field)
    #expect(refusal(gate(), plain) == .unsealed)
    for value in ["", "a b", "a b c d e f", "a b c 1 zz f", "a b c 99999999999999999999 1 f", "a b c 1 2 3 4"] {
      var broken = plain
      broken.head.headers.append(PeerHop.field, value)
      #expect(refusal(gate(), broken) == .malformed, "\(value)")
    }
    var twice = request(hop())
    twice.head.headers.append(PeerHop.field, "x")
    #expect(refusal(gate(), twice) == .malformed)
  }

  @Test("a request for another node, from another time or that has been here is refused")
  func old() {
    #expect(refusal(gate(), request(hop(to: "c"))) == .misdirected)
    let skew = PeerLimits().skewMilliseconds
    for (now, isGood) in [(skew, true), (skew + 1, false), (-skew, true), (-skew - 1, false)] {
      #expect(refusal(gate(1_000_000 + now), request(hop())) == (isGood ? nil : .expired))
    }
    #expect(refusal(gate(.max), request(hop(time: .min))) == .expired)
    let one = gate()
    #expect(refusal(one, request(hop(nonce: 1))) == nil)
    #expect(refusal(one, request(hop(nonce: 2))) == nil)
    #expect(refusal(one, request(hop(nonce: 1))) == .replayed)
  }

  @Test("numbers are remembered for as long as they could be used again, and no more than there is room for")
  func nonces() {
    var limits = PeerLimits()
    limits.noncesMax = 2
    limits.skewMilliseconds = 100
    let now = Now(1_000_000)
    let gate = PeerGate(seal: seal, node: "b", limits: limits) { now.value }
    // The latest time that is taken at all, so that it is good for the longest.
    let first = request(hop(time: 1_000_100, nonce: 1))
    #expect(refusal(gate, first) == nil)
    #expect(refusal(gate, request(hop(nonce: 2))) == nil)
    #expect(refusal(gate, request(hop(nonce: 3))) == .full)
    for later in [1, 199, 200] as [Int64] {
      now.value = 1_000_000 + later
      #expect(refusal(gate, first) == .replayed)
    }
    now.value = 1_000_201
    #expect(refusal(gate, first) == .expired)
    #expect(refusal(gate, request(hop(time: 1_000_201, nonce: 3))) == nil)
    #expect(refusal(gate, request(hop(time: 1_000_201, nonce: 1))) == .replayed)
  }

  @Test("an address is believed only with the proof of that very node")
  func addresses() {
    let proof = seal.proof(of: "socket-1", at: "10.0.0.7:9101")
    let node = PeerNode(node: "socket-1", address: "10.0.0.7:9101", proof: proof, seal: seal)
    #expect(node?.address == .ip(host: "10.0.0.7", port: 9101))
    #expect(PeerNode(node: "socket-2", address: "10.0.0.7:9101", proof: proof, seal: seal) == nil)
    #expect(PeerNode(node: "socket-1", address: "10.0.0.8:9101", proof: proof, seal: seal) == nil)
    #expect(PeerNode(node: "socket-1", address: "10.0.0.7:9101", proof: "", seal: seal) == nil)
    for address in ["10.0.0.7", ":1", "a:0", "a:x", "a:65536"] {
      let proof = seal.proof(of: "a", at: address)
      #expect(PeerNode(node: "a", address: address, proof: proof, seal: seal) == nil, "\(address)")
    }
    let six = PeerNode(node: "a", address: "[::1]:9", proof: seal.proof(of: "a", at: "[::1]:9"), seal: seal)
    #expect(six?.address == .ip(host: "::1", port: 9))
  }
}

/// A clock that a test turns.
final class Now: @unchecked Sendable {
  /// Turned and read by one test's thread.
  var value: Int64
  init(_ value: Int64) { self.value = value }
}
