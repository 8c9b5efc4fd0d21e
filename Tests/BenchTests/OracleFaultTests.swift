import Foundation
import IORuntime
import TestKit
import Testing

@testable import Bench

/// Whether the oracle finds what servers do wrong that are known to do it, by every wire.
extension BenchRunTests {
  /// How each broadcaster's wire is spoken with.
  private static let manners: [String: PlainPeer.Manner] = [
    "plain": .text, "socketio-peer": .socketIO, "mqtt": .mqtt, "xmpp": .xmpp,
  ]

  /// One socket a room, so that what is swapped was said by one.
  private static let alone = ["--connections", "4", "--users", "4", "--rate", "200", "--seconds", "1", "--strict"]

  private func expectAllFound(_ outcome: Outcome) throws {
    let verdict = try #require(outcome.result, "\(outcome.output)").verdict
    #expect(outcome.code == Int(Bench.broken), "\(outcome.output)")
    for path in [\Verdict.lost, \.repeated, \.reordered, \.foreign] {
      #expect(verdict[keyPath: path] > 0, "\(verdict.sentence)")
      #expect(verdict[keyPath: path] < verdict.checked / 4, "one of twenty each: \(verdict.sentence)")
    }
  }

  @Test(
    "what a broadcaster loses, repeats, swaps or tells another room is counted, and fails a strict run",
    arguments: Wire.allCases.filter { !$0.isReliable })
  func lyingBroadcaster(wire: Wire) async throws {
    let peer = try await PlainPeer(.lies, try #require(Self.manners[wire.rawValue]))
    let scenario = try changed(
      wire == .socketioPeer ? Self.ownNames.merging(Self.briefEnd) { $1 } : Self.briefEnd)
    defer { try? FileManager.default.removeItem(atPath: scenario) }
    let target = ["--target", "ws://\(peer.address)/", "--wire", wire.rawValue]
    try expectAllFound(try await bench([scenario] + target + Self.alone))
  }

  @Test(
    "what a node loses, repeats, swaps or says of another conversation is counted, and fails the run",
    arguments: Wire.allCases.filter { $0.isReliable })
  func lyingNode(wire: Wire) async throws {
    try expectAllFound(try await lied(.events, wire))
  }

  @Test(
    "an acknowledgement that names another place than the delivery is found",
    arguments: Wire.allCases.filter { $0.isReliable })
  func lyingReplies(wire: Wire) async throws {
    let outcome = try await lied(.replies, wire)
    let verdict = try #require(outcome.result, "\(outcome.output)").verdict
    #expect(outcome.code == Int(Bench.broken) && verdict.foreign > 0, "\(outcome.output)")
    #expect(verdict.repeated == 0 && verdict.reordered == 0, "\(verdict.sentence)")
  }

  /// A node in whose name somebody lies.
  private func lied(_ subject: LyingProxy.Subject, _ wire: Wire) async throws -> Outcome {
    let node = try await DevNode.start()
    defer { node.end() }
    let liar = try await LyingProxy(before: node.address, about: subject)
    let cluster = FileManager.default.temporaryDirectory.appending(path: "liar-\(UInt64.random(in: 0 ... .max)).json")
    let scenario = try changed(Self.briefEnd)
    defer { for file in [cluster.path(), scenario] { try? FileManager.default.removeItem(atPath: file) } }
    let main = "http://\(node.address)"
    try #"{"main": "\#(main)", "api": [{"url": "\#(main)"}], "socket": [{"url": "http://\#(liar.address)"}]}"#
      .write(to: cluster, atomically: true, encoding: .utf8)
    return try await bench([scenario, "--cluster", cluster.path(), "--wire", wire.rawValue] + Self.alone)
  }

  @Test("what several sockets say at once a broadcaster may put in any order")
  func swapsAtOnce() async throws {
    let peer = try await PlainPeer(.swaps)
    let scenario = try changed([#"{"loop": "open", "per_second": 40}"#: #"{"loop": "closed", "in_flight": 4}"#])
    defer { try? FileManager.default.removeItem(atPath: scenario) }
    let outcome = try await bench([
      scenario, "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "1", "--strict",
    ])
    let verdict = try #require(outcome.result, "\(outcome.output)").verdict
    #expect(outcome.code == 0 && verdict.checked > 1_000, "\(outcome.output)")
  }

  @Test("faults of a broadcaster fail no run that is not strict, and are told")
  func forgiven() async throws {
    let peer = try await PlainPeer(.repeats)
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "1",
    ])
    let verdict = try #require(outcome.result, "\(outcome.output)").verdict
    #expect(outcome.code == 0 && verdict.repeated > 0 && outcome.output.contains("\(verdict.repeated) repeated"))
  }

  @Test("who is refused by a server of XMPP is told its words")
  func refusedGuest() async throws {
    let peer = try await PlainPeer(.bars, .xmpp)
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/ws", "--wire", "xmpp", "--connections", "2", "--users",
      "2",
    ])
    #expect(outcome.code == 1 && outcome.output.contains("refused presence not-allowed"), "\(outcome.output)")
  }
}
