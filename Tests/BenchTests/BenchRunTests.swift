import Foundation
import JSONText
import TestKit
import Testing

@testable import Bench

/// The whole command against real servers, one after the other: they share two cores.
@Suite(.serialized) struct BenchRunTests {
  static func scenario(_ name: String) -> String { ScenarioTests.folder.appending(path: "\(name).json").path() }

  struct Outcome {
    let code: Int
    let output: String
    let result: RunResult?
    let page: String
  }

  func bench(_ arguments: [String]) async throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["json", "html"].map { folder.appending(path: "result.\($0)").path() }
    let more = ["--json", files[0], "--report", files[1], "--keep", folder.appending(path: "keep").path()]
    let command = try CommandProcess.client(["bench"] + more + arguments)
    let code = try await command.exitCode()
    let json = (try? Data(contentsOf: URL(filePath: files[0]))).flatMap {
      try? JSONValue(parsing: Array($0), limits: JSONLimits(bytesMax: 1 << 24))
    }
    let page = (try? String(contentsOfFile: files[1], encoding: .utf8)) ?? ""
    return Outcome(
      code: code, output: command.output, result: json.flatMap { try? RunResult($0) }, page: page)
  }

  @Test("a node is driven by its own protocol and by Socket.IO, and every delivery is accounted for")
  func reliable() async throws {
    let node = try await DevNode.start()
    defer { node.end() }
    for wire in ["native", "socketio"] {
      let outcome = try await bench([
        Self.scenario("smoke"), "--target", "http://\(node.address)", "--wire", wire, "--workers", "2", "--seconds",
        "1",
      ])
      #expect(outcome.code == 0, "\(outcome.output)")
      let result = try #require(outcome.result, "\(outcome.output)")
      #expect(result.connected == 40 && result.verdict.isClean && result.verdict.inDoubt == 0)
      #expect(result.acknowledged > 0 && result.delivered >= result.acknowledged * 9)
      #expect(result.verdict.checked >= result.delivered && result.tally.delivery.count > 0)
      #expect(result.uses.filter(\.isTester).count == 2 && !result.series.isEmpty)
      #expect(outcome.page.contains("<svg") && !outcome.page.contains("<script"))
      #expect(!outcome.output.contains("eyJ"), "a token was printed")
    }
  }

  @Test("connections that are cut come back, resume, and miss nothing")
  func storm() async throws {
    let node = try await DevNode.start()
    defer { node.end() }
    let outcome = try await bench([
      Self.scenario("reconnect-storm"), "--target", "http://\(node.address)", "--connections", "60", "--users", "10",
      "--seconds", "6",
    ])
    #expect(outcome.code == 0, "\(outcome.output)")
    let result = try #require(outcome.result)
    // Clean says that all are back; who came after the window is timed nowhere.
    #expect((result.tally.times["reconnect"]?.count ?? 0) > 0 && result.verdict.isClean && result.connected == 60)
    #expect(result.verdict.checked > 100)
  }

  @Test("a plain peer is driven in a closed loop")
  func plain() async throws {
    let peer = try await PlainPeer()
    let outcome = try await bench([
      Self.scenario("echo"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "1", "--warm", "0.2",
      "--strict",
    ])
    #expect(outcome.code == 0, "\(outcome.output)")
    let result = try #require(outcome.result)
    #expect(result.connected == 64 && result.delivered > 100 && result.verdict.isClean)
  }

  @Test("results that could not be written fail a run that was clean, and are told")
  func unwritten() async throws {
    let peer = try await PlainPeer()
    let outcome = try await bench([
      Self.scenario("echo"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "1", "--warm", "0.2",
      "--json", "/dev/null/result.json",
    ])
    #expect(outcome.code == 1 && outcome.output.contains("/dev/null/result.json: "), "\(outcome.output)")
    #expect(outcome.page.contains("<svg"), "the other file is there")
  }

  @Test("a target that is not there is told, and fails, by whichever wire", arguments: ["plain", "native"])
  func nobody(wire: String) async throws {
    let port = try PrivatePostgres.freePort()
    let outcome = try await bench([Self.scenario("smoke"), "--target", "http://127.0.0.1:\(port)", "--wire", wire])
    let words = wire == "plain" ? "Nobody came in" : "The target does not answer"
    #expect(outcome.code == 1 && outcome.output.contains(words), "\(outcome.output)")
  }
}
