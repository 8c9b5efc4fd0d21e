import Foundation
import Glibc
import JSONText
import TestKit
import Testing

@testable import Bench

/// Whether a run is honest about its own part: stalls of a target or of the tester, workers, addresses, progress.
extension BenchRunTests {
  /// One socket in each of four rooms, a hundred messages a second.
  private func steady(_ peer: PlainPeer, seconds: Int) -> [String] {
    [
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--connections", "4", "--users",
      "4",
      "--rate", "100", "--warm", "0", "--seconds", "\(seconds)",
    ]
  }

  @Test("an open loop goes on while a target stalls, and charges it for all that had to wait")
  func stalledTarget() async throws {
    // It answers nothing until the hundredth message of the second has come, so each waits at least for that one.
    let peer = try await PlainPeer(.holds(100))
    let outcome = try await bench(steady(peer, seconds: 2) + ["--strict"])
    #expect(outcome.code == 0, "\(outcome.output)")
    let delivery = try #require(outcome.result).tally.delivery
    #expect(delivery.count >= 195, "none was left out")
    #expect(delivery.largest >= 980_000 && delivery.value(at: 0.76) >= 450_000, "\(outcome.output)")
  }

  @Test("messages that the tester itself was late with count from when they were due, and its lag is told")
  func stalledTester() async throws {
    let peer = try await PlainPeer()
    let run = try Running(steady(peer, seconds: 6))
    try await run.wait(for: "  measure  ")
    let worker = try run.worker()
    kill(worker, SIGSTOP)
    // Its length is the fault, not a wait for anything.
    try await Task.sleep(for: .seconds(1))
    kill(worker, SIGCONT)
    #expect(try await run.command.exitCode() == 0, "\(run.command.output)")
    let tally = try run.result().tally
    #expect(tally.delivery.count >= 590, "what was due meanwhile was sent")
    for histogram in [tally.delivery, try #require(tally.times["lag"])] {
      #expect(histogram.largest >= 950_000 && histogram.value(at: 0.95) >= 300_000, "\(run.command.output)")
    }
  }

  @Test("a run whose worker dies is no result, and does not wait for its end")
  func deadWorker() async throws {
    let peer = try await PlainPeer()
    let run = try Running(steady(peer, seconds: 3_600))
    try await run.wait(for: "  measure  ")
    kill(try run.worker(), SIGKILL)
    #expect(try await run.command.exitCode() == 1)
    #expect(run.command.output.contains("A worker has ended"), "\(run.command.output)")
    #expect(throws: (any Error).self) { try run.result() }
  }

  @Test("sockets come from all of the addresses in turn, and a line a second says how it goes")
  func sources() async throws {
    let peer = try await PlainPeer()
    let outcome = try await bench([
      Self.scenario("smoke"), "--target", "ws://\(peer.address)/", "--wire", "plain", "--seconds", "3", "--workers",
      "3",
      "--sources", "127.0.0.2-127.0.0.6",
    ])
    #expect(outcome.code == 0, "\(outcome.output)")
    let guests = try await peer.guests()
    #expect(guests == Dictionary(uniqueKeysWithValues: (2...6).map { ("127.0.0.\($0)", 8) }))
    #expect(outcome.output.contains("  measure  40 connected  "), "\(outcome.output)")
    #expect(outcome.output.contains(" delivered/s  p50 "), "\(outcome.output)")
    #expect(try #require(outcome.result).uses.filter(\.isTester).count == 3)
  }
}

/// A run that a test does something to before it ends.
private final class Running {
  let command: CommandProcess
  private let folder: URL

  init(_ arguments: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UInt64.random(in: 0 ... .max))")
    let json = folder.appending(path: "result.json").path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    command = try CommandProcess.client(["bench"] + arguments + ["--json", json])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func wait(for words: String) async throws {
    for _ in 0..<1_000 where !command.output.contains(words) { try await Task.sleep(for: .milliseconds(20)) }
    try #require(command.output.contains(words), "\(command.output)")
  }

  func result() throws -> RunResult {
    let text = try Data(contentsOf: folder.appending(path: "result.json"))
    return try RunResult(JSONValue(parsing: Array(text), limits: JSONLimits(bytesMax: 1 << 24)))
  }

  /// The first worker: a child of the process whose arguments name this run's folder.
  func worker() throws -> pid_t {
    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    let pids = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
    let leader = try #require(pids.first { text("/proc/\($0)/cmdline").contains(folder.lastPathComponent) })
    return try #require(pids.first { parent(text("/proc/\($0)/stat")) == leader })
  }

  private func parent(_ stat: String) -> pid_t? {
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }
}
