import Client
import EngineServing
import HTTP1
import IORuntime
import Serving
import TestKit
import Testing

@testable import Peering

private let unknown = #"{"code":1,"message":"Session ID unknown"}"#

@Suite("Requests are passed on to the session's node", .serialized, .timeLimit(.minutes(1)))
struct ForwardingTests {
  @Test("polls and bodies reach their session through any node, as through its own")
  func through() async throws {
    let stage = try await PeerStage(["a", "b", "c"])
    try await onLoop { loop in
      let doors = stage.nodes.map { HTTPClient(loop: loop, address: $0.address) }
      let sid = try await doors[1].open()
      #expect(sid.hasPrefix("b."))
      for round in 0..<12 {
        let sent = try await doors[round % 3].engine(sid, post: "4n\(round)")
        #expect(sent.text == "ok")
        let got = try await doors[(round + 1) % 3].engine(sid, headers: ["Origin": "https://chat.example"])
        #expect(got.text == "4n\(round)")
        #expect(got.headers.values(for: "access-control-allow-origin") == ["https://chat.example"])
        #expect(got.headers.values(for: "vary") == ["Origin"])
        #expect(got.headers.values(for: "cache-control") == ["no-store"])
      }
      let (a, b) = (try await stage.nodes[0].counts(), try await stage.nodes[1].counts())
      #expect(a.forwarded == [.answered: 8])
      #expect(b.forwarded == [:])
      #expect(b.admitted == 16)
      #expect(a.connections == 1)
    }
  }

  @Test("what a poll has taken out of its session is told, however full the rooms for long answers are")
  func fullRooms() async throws {
    var serving = ServingLimits()
    serving.longAnswers = BodyRoom(bytesMax: 0, for: .answers)
    let stage = try await PeerStage(serving: serving)
    let text = "4" + String(repeating: "x", count: 500_000)
    try await onLoop { loop in
      let doors = stage.nodes.map { HTTPClient(loop: loop, address: $0.address) }
      let sid = try await doors[1].open()
      for door in doors.reversed() {
        let sent = try await door.engine(sid, post: text)
        #expect(sent.text == "ok")
        let got = try await door.engine(sid)
        #expect(got.status == 200)
        #expect(got.text == text)
      }
    }
  }

  @Test("an id of nobody is unknown at once, and made-up ids make nobody look at the list again and again")
  func garbage() async throws {
    var limits = PeerLimits()
    limits.missMilliseconds = 600_000
    let stage = try await PeerStage(limits: limits)
    try await onLoop { loop in
      let door = HTTPClient(loop: loop, address: stage.nodes[0].address)
      let long = String(repeating: "x", count: 33)
      for sid in ["nodot", "a.gone", ".x", "\(long).x", "%21.x", "a%2Fb.x", "..", "-"] {
        let seen1 = try await door.engine(sid).text
        #expect(seen1 == unknown, "\(sid)")
      }
      #expect(stage.listReads == 0)
      for number in 0..<50 {
        let seen = try await door.engine("node-\(number).x").text
        #expect(seen == unknown)
      }
      #expect(stage.listReads == 1)
      let seen3 = try await stage.nodes[0].counts().forwarded
      #expect(seen3 == [.unknown: 50])
    }
  }

  @Test("the sessions of a node that is dead are unknown, at once and for a poll that waits")
  func dead() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (door, own) = (
        HTTPClient(loop: loop, address: stage.nodes[0].address), HTTPClient(loop: loop, address: stage.nodes[1].address)
      )
      let sid = try await own.open()
      async let waiting = door.engine(sid)
      try await untilAdmitted(1, stage.nodes[1])
      try await stage.nodes[1].die()
      let lost = try await waiting
      #expect(lost.status == 400)
      #expect(lost.text == unknown)
      for body in [nil, "4x"] {
        let seen = try await door.engine(sid, post: body).text
        #expect(seen == unknown)
      }
      let counts = try await stage.nodes[0].counts()
      #expect(counts.forwarded == [.lost: 1, .unreachable: 2])
      #expect(counts.connections == 0)
    }
  }

  @Test("a node that has begun anew at another address is found there")
  func moved() async throws {
    var limits = PeerLimits()
    limits.missMilliseconds = 0
    let stage = try await PeerStage(limits: limits)
    stage.list("b", at: try deadAddress())
    try await onLoop { loop in
      let (a, b) = (stage.nodes[0], stage.nodes[1])
      let door = HTTPClient(loop: loop, address: a.address)
      let sid = try await HTTPClient(loop: loop, address: b.address).open()
      let before = try await door.engine(sid, post: "4x")
      #expect(before.text == unknown)
      stage.list("b", at: b.privateAddress)
      let after = try await door.engine(sid, post: "4x")
      #expect(after.text == "ok")
    }
  }

  @Test("a node that the list has lost is found where it was, for a while", arguments: [15_000 as Int64, 0])
  func missing(milliseconds: Int64) async throws {
    var limits = PeerLimits()
    (limits.listMilliseconds, limits.missMilliseconds, limits.missingMilliseconds) = (0, 0, milliseconds)
    let stage = try await PeerStage(limits: limits)
    try await onLoop { loop in
      let door = HTTPClient(loop: loop, address: stage.nodes[0].address)
      let sid = try await HTTPClient(loop: loop, address: stage.nodes[1].address).open()
      let before = try await door.engine(sid, post: "4x").text
      #expect(before == "ok")
      stage.emptyList()
      // The first may still go by what was read before.
      let reads = stage.listReads
      _ = try await door.engine(sid, post: "4y")
      try await eventually(within: 20_000, on: loop) { stage.listReads > reads }
      // Past the while it is unknown from some moment on.
      var isKnown = true
      for _ in 0..<(milliseconds > 0 ? 5 : 2_000) where isKnown {
        isKnown = try await door.engine(sid, post: "6").text == "ok"
      }
      #expect(isKnown == (milliseconds > 0))
    }
  }

  @Test("a poll may bring a body, which nobody reads")
  func pollWithBody() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let door = HTTPClient(loop: loop, address: stage.nodes[0].address)
      let sid = try await HTTPClient(loop: loop, address: stage.nodes[1].address).open()
      for number in 0..<2 {
        let sent = try await door.engine(sid, post: "4n\(number)").text
        #expect(sent == "ok")
        let target = "\(PeerStage.path)?EIO=4&transport=polling&sid=\(sid)"
        let got = try await door.call(.get, target, body: Array("body".utf8))
        #expect(got.body == Array("4n\(number)".utf8))
      }
    }
  }

  @Test("a client who hangs up a poll is gone for the owner too")
  func hangUp() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let own = HTTPClient(loop: loop, address: stage.nodes[1].address)
      let sid = try await own.open()
      let door = stage.nodes[0]
      let poll = try await loop.connect(to: door.address, deadline: 15_000)
      poll.begin(with: Ignoring())
      poll.send("GET \(PeerStage.path)?EIO=4&transport=polling&sid=\(sid) HTTP/1.1\r\nHost: a\r\n\r\n")
      try await untilAdmitted(1, stage.nodes[1])
      #expect(stage.nodes[1].directory.count == 1)
      poll.close()
      try await eventually(within: 20_000, on: loop) { stage.nodes[1].directory.count == 0 }
      let seen8 = try await door.counts().forwarded
      #expect(seen8 == [.cancelled: 1])
    }
  }

  @Test("past the limit of connections a request is refused, retryable")
  func busy() async throws {
    var limits = PeerLimits()
    limits.connectionsPerPeerMax = 1
    let stage = try await PeerStage(limits: limits)
    try await onLoop { loop in
      let door = stage.nodes[0]
      let sids = [
        try await HTTPClient(loop: loop, address: stage.nodes[1].address).open(),
        try await HTTPClient(loop: loop, address: stage.nodes[1].address).open(),
      ]
      async let waiting = HTTPClient(loop: loop, address: door.address).engine(sids[0])
      try await untilAdmitted(1, stage.nodes[1])
      let refused = try await HTTPClient(loop: loop, address: door.address).engine(sids[1])
      #expect(refused.status == 503)
      #expect(refused.headers["retry-after"] == "1")
      let own = HTTPClient(loop: loop, address: stage.nodes[1].address)
      let seen9 = try await own.engine(sids[0], post: "4go").text
      #expect(seen9 == "ok")
      let seen10 = try await waiting.text
      #expect(seen10 == "4go")
      let seen11 = try await HTTPClient(loop: loop, address: door.address).engine(sids[1], post: "4x").text
      #expect(seen11 == "ok")
    }
  }

  @Test("the field of nodes means nothing at the public door, and a request without it nothing at the private one")
  func doors() async throws {
    let stage = try await PeerStage()
    try await onLoop { loop in
      let (a, b) = (stage.nodes[0], stage.nodes[1])
      let door = HTTPClient(loop: loop, address: a.address)
      let sid = try await HTTPClient(loop: loop, address: b.address).open()
      let forged: HeaderFields = [PeerHop.field: "b a 6.6.6.6 1 1 00"]
      let seen12 = try await door.engine(sid, post: "4x", headers: forged).text
      #expect(seen12 == "ok")
      let seen13 = try await door.engine(sid).text
      #expect(seen13 == "4x")

      let inner = HTTPClient(loop: loop, address: b.privateAddress)
      for headers in [[:], forged] {
        let reply = try await inner.call(.get, PeerStage.path + "?EIO=4&transport=polling&sid=\(sid)", headers: headers)
        #expect(reply.status == 403)
        #expect(reply.keepsAlive == false)
      }
      let seen14 = try await inner.call(.get, "/v1/users/me").status
      #expect(seen14 == 403)
      let seen15 = try await b.counts().refused
      #expect(seen15 == [.unsealed: 2, .forged: 1])
    }
  }

  @Test("what is passed on is for sessions that are here: nothing is opened by it, and nothing passed on again")
  func hops() async throws {
    let stage = try await PeerStage(["a", "b", "c"])
    try await onLoop { loop in
      let sid = try await HTTPClient(loop: loop, address: stage.nodes[2].address).open()
      let inner = HTTPClient(loop: loop, address: stage.nodes[1].privateAddress)
      func sealed(_ target: String, _ nonce: UInt64) async throws -> Reply {
        let hop = PeerHop(
          from: "a", to: "b", client: "-", time: EventLoop.monotonicMilliseconds(), nonce: nonce)
        let headers: HeaderFields = ["Host": "localhost"]
        let value = stage.seal.value(hop, method: .get, target: target, headers: headers, body: [])
        return try await inner.call(.get, target, headers: [PeerHop.field: value])
      }
      let foreign = try await sealed("\(PeerStage.path)?EIO=4&transport=polling&sid=\(sid)", 1)
      #expect(String(decoding: foreign.body, as: UTF8.self) == unknown)
      let opening = try await sealed("\(PeerStage.path)?EIO=4&transport=polling", 2)
      #expect(opening.status == 400)
      #expect(stage.nodes[1].directory.count == 0)
      let seen16 = try await sealed("/v1/users/me", 3).status
      #expect(seen16 == 404)
      let seen17 = try await stage.nodes[1].counts().forwarded
      #expect(seen17 == [:])
    }
  }
}

/// Waits until a node has taken so many requests of others.
func untilAdmitted(_ count: Int, _ node: StageNode) async throws {
  for _ in 0..<1_000 {
    if try await node.counts().admitted >= count { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw CallFailure("it never happened")
}

final class Ignoring: ConnectionHandler {
  func received(_ bytes: UnsafeRawBufferPointer) {}
  func ended(_ reason: ConnectionEnd) {}
}
