import Foundation
import TestKit
import Testing

/// `benchmarks/micro/run` against the debug build that lies beside the tests.
@Suite struct MicroTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    .standardizedFileURL
  private static let thresholds = root.appending(path: "benchmarks/micro/thresholds.json")

  private func run(_ thresholds: URL, _ more: [String] = []) throws -> (code: Int32, output: String) {
    let binary = try LocalCluster.binary().split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/micro"
    let process = Process()
    let pipe = Pipe()
    process.executableURL = Self.root.appending(path: "benchmarks/micro/run")
    process.arguments = ["--debug", "--binary", binary, "--thresholds", thresholds.path()] + more
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test("nothing that is done for every message asks for more memory, or the system more often, than it did")
  func thresholds() throws {
    let (code, output) = try run(Self.thresholds)
    #expect(code == 0, "\(output)")
    #expect(output.contains("fan-out-1000") && output.contains("batching-4"))
  }

  @Test("one block of memory more than the threshold fails, by name, and so does a case without one")
  func canFail() throws {
    let none = try run(allowing: 0, "json-parse")
    let known = try #require(none.output.firstMatch(of: /json-parse: ([0-9]+) allocations, the threshold is 0/)?.1)
    let count = try #require(Int(known))
    let low = try run(allowing: count - 1, "json-parse")
    #expect(low.output.contains("json-parse: \(count) allocations, the threshold is \(count - 1)"), "\(low.output)")
    #expect([none.code, low.code, try run(allowing: count, "json-parse").code] == [1, 1, 0])
    let unknown = try run(allowing: count, "json-scan")
    #expect(unknown.code == 1 && unknown.output.contains("json-scan has no thresholds"), "\(unknown.output)")
  }

  /// Runs one case against thresholds that know `json-parse` only.
  private func run(allowing blocks: Int, _ name: String) throws -> (code: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "micro-\(UInt64.random(in: 0 ... .max)).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let thresholds = #"{"debug": {"json-parse": {"allocations": \#(blocks), "sends": 0}}}"#
    try thresholds.write(to: file, atomically: true, encoding: .utf8)
    return try run(file, [name])
  }
}
