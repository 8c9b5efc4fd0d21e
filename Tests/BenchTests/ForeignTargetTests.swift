import Foundation
import IORuntime
import TestKit
import Testing

@testable import Bench

extension BenchRunTests {
  /// Events of a foreign server that have names of their own.
  static let ownNames = [
    #""connections""#: #""peer": {"join": "enter", "send": "say", "message": "said"}, "connections""#
  ]
  /// For runs at whose end something is missing, which is waited for in vain.
  static let briefEnd = [#""drain_s": 5"#: #""drain_s": 1"#]

  /// A copy of the scenario of forty sockets with some words changed.
  func changed(_ changes: [String: String]) throws -> String {
    var text = try String(contentsOfFile: Self.scenario("smoke"), encoding: .utf8)
    for (old, new) in changes {
      try #require(text.contains(old))
      text = text.replacing(old, with: new)
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "smoke-\(UInt64.random(in: 0 ... .max)).json")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path()
  }

  /// What a run told that ended well.
  private func clean(_ arguments: [String]) async throws -> RunResult {
    let outcome = try await bench(arguments)
    #expect(outcome.code == 0, "\(outcome.output)")
    return try #require(outcome.result)
  }

  /// Each of forty sockets in rooms of ten was there, and all of a room were told what one said.
  private func expectAllTold(_ result: RunResult) {
    #expect(result.connected == 40 && result.delivered >= result.acknowledged * 9 && result.acknowledged > 10)
  }

  @Test("a foreign Socket.IO server is driven by the events that it has")
  func foreignSocketIO() async throws {
    let peer = try await PlainPeer(.none, .socketIO)
    let scenario = try changed(Self.ownNames)
    defer { try? FileManager.default.removeItem(atPath: scenario) }
    expectAllTold(
      try await clean([
        scenario, "--target", "http://\(peer.address)", "--wire", "socketio-peer", "--seconds", "1", "--strict",
      ]))
  }

  @Test("a broker of MQTT is driven over a WebSocket")
  func broker() async throws {
    let peer = try await PlainPeer(.none, .mqtt)
    expectAllTold(
      try await clean([
        Self.scenario("smoke"), "--target", "ws://\(peer.address)/mqtt", "--wire", "mqtt", "--seconds", "1", "--strict",
      ]))
  }

  @Test("a server of XMPP is driven as its guests in rooms for many")
  func guests() async throws {
    let peer = try await PlainPeer(.none, .xmpp)
    expectAllTold(
      try await clean([
        Self.scenario("smoke"), "--target", "ws://\(peer.address)/ws", "--wire", "xmpp", "--seconds", "1", "--strict",
      ]))
  }

  @Test("a target whose paths name the rooms is joined by the path")
  func byPath() async throws {
    let peer = try await PlainPeer(.none, .path)
    let result = try await clean([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/room/{room}", "--wire", "plain", "--seconds", "1",
      "--strict",
    ])
    #expect(result.delivered > 100)
  }

  @Test("a run is not clean when some sockets never came in")
  func absent() async throws {
    let peer = try await PlainPeer(.full(30))
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "1",
    ])
    #expect(outcome.code == Int(Bench.broken), "\(outcome.output)")
    let result = try #require(outcome.result)
    #expect(result.connected == 30 && result.verdict.absent == 10 && !result.verdict.isClean && result.verdict.isKept)
    #expect(outcome.output.contains("10 sockets are not there"))
  }

  @Test("who was in comes back however often he is refused, as a client does")
  func away() async throws {
    // One socket, so that all refusals are his.
    let peer = try await PlainPeer(.away(after: 1, refusing: 5))
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--connections", "1", "--users",
      "1", "--seconds", "8",
    ])
    let result = try #require(outcome.result, "\(outcome.output)")
    #expect(result.connected == 1 && result.verdict.absent == 0, "\(outcome.output)")
  }

  @Test("a target that speaks TLS is driven when its authority is trusted, and only then")
  func secure() async throws {
    let certificate = try Certificate()
    let settings = ["MARTLET_TLS_CERTIFICATE_FILE": certificate.chain, "MARTLET_TLS_KEY_FILE": certificate.key]
    let node = try await DevNode.start(settings: settings, isSecure: true)
    defer { node.end() }
    let arguments = [Self.scenario("smoke"), "--target", "wss://\(node.address)", "--wire", "native", "--seconds", "1"]
    let result = try await clean(arguments + ["--ca", certificate.chain])
    #expect(result.connected == 40 && result.verdict.isClean && result.delivered > 100)
    #expect(try await bench(arguments).code == 1, "nobody has said that the certificate is good")

    let peer = try await PlainPeer(
      tls: try TLSServer(certificateChainFile: certificate.chain, keyFile: certificate.key))
    let url = "wss://\(peer.address)/"
    let plain = [Self.scenario("smoke"), "--target", url, "--wire", "plain", "--seconds", "1", "--strict"]
    #expect(try await bench(plain + ["--ca", certificate.chain]).code == 0)
  }

  @Test("the search finds the rate that a target is known to bear")
  func search() async throws {
    let capacity = 400.0
    let peer = try await PlainPeer(.slow(perSecond: capacity))
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--find-rate", "--rate", "300",
      "--seconds", "2", "--warm", "0", "--p99", "800ms",
    ])
    #expect(outcome.code == 0, "\(outcome.output)")
    let result = try #require(outcome.result)
    let found = try #require(result.highestHeld, "\(outcome.output)")
    // In two seconds a queue may grow by what the bound forgives, and half a second in which nothing runs is forgiven
    // too; a busy machine breaks a rate that the target bears.
    #expect(found > capacity * 0.35 && found < capacity * 1.3, "\(found): \(outcome.output)")
    #expect(result.probes.contains { !$0.held })
  }

  @Test("what is done before anybody connects is told apart")
  func prepared() async throws {
    let node = try await DevNode.start()
    defer { node.end() }
    let begin = Stopwatch.now
    let outcome = try await bench([
      Self.scenario("idle"), "--target", "http://\(node.address)", "--connections", "40", "--users", "40", "--seconds",
      "1",
    ])
    let result = try #require(outcome.result, "\(outcome.output)")
    // Each password is hashed twice.
    #expect(result.prepareSeconds > 0.1, "\(outcome.output)")
    // After both the target settles for two seconds, and it is quiet for one and measured for one.
    let told = result.prepareSeconds + result.connectSeconds + 4
    #expect(told * 1_000_000 <= Double(Stopwatch.now - begin), "\(told) s in all: \(outcome.output)")
    #expect(try RunResult(result.json).prepareSeconds == result.prepareSeconds)
  }
}
