import Foundation
import TestKit
import Testing

/// Tests against a running fixture, whose clients block their threads; one after the other.
@Suite(.serialized)
enum AgainstTheFixture {}

/// Runs what blocks on a thread of its own: those of the tests are few.
func apart(_ body: @escaping @Sendable () throws -> Void) async throws {
  try await onLoop { _ in try body() }
}

/// A fixture of the test's own, ended with it.
final class FixtureProcess: @unchecked Sendable {
  let port: UInt16
  private let process = Process()

  /// Slow pings unless a test is about them, so that a busy machine does not end sessions.
  static let quiet = ["--ping-interval", "25000", "--ping-timeout", "20000"]

  init(_ arguments: [String] = FixtureProcess.quiet) throws {
    let output = Pipe()
    let binary = try #require(FixtureProcess.binary, "there is no conformance-fixture beside the tests")
    process.executableURL = binary
    process.arguments = ["--port", "0"] + arguments
    process.standardOutput = output
    try process.run()
    var said = ""
    while !said.hasSuffix("\n") {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { break }
      said += String(decoding: bytes, as: UTF8.self)
    }
    port = try #require(said.split(separator: ":").last.flatMap { UInt16($0.dropLast()) }, "\(said)")
  }

  deinit {
    // Foundation's children may have SIGTERM blocked.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// It stands beside the program that runs the tests.
  private static var binary: URL? {
    let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let beside = tests.appending(path: "conformance-fixture")
    return FileManager.default.isExecutableFile(atPath: beside.path()) ? beside : nil
  }

  // MARK: Calls

  /// One request on a connection of its own.
  func call(
    _ method: String, _ target: String, _ body: [UInt8] = [], headers: [String] = []
  ) throws -> (status: Int, head: String, body: [UInt8]) {
    try started(method, target, body, headers: headers).answer()
  }

  /// A request whose answer is read later.
  func started(_ method: String, _ target: String, _ body: [UInt8] = [], headers: [String] = []) throws
    -> BlockingSocket
  {
    let socket = try BlockingSocket(to: self)
    var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
    if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
    for header in headers { head += header + "\r\n" }
    socket.send(Array((head + "\r\n").utf8) + body)
    return socket
  }

  func text(_ method: String, _ target: String, _ body: String = "") throws -> String {
    let answer = try call(method, target, Array(body.utf8))
    return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
  }

  /// A session by polling; its address.
  func session(_ path: String = "/engine.io/", version: Int = 4, extra: String = "") throws -> String {
    let target = "\(path)?EIO=\(version)&transport=polling\(extra)"
    let opened = try text("GET", target)
    let sid = try #require(opened.firstMatch(of: /"sid":"([\w.-]+)"/)?.1, "\(opened)")
    return "\(target)&sid=\(sid)"
  }

  /// What is said of a session that is over.
  static let unknown = #"400 {"code":1,"message":"Session ID unknown"}"#

  /// Asks until a session is over, a thousand times at most, in the words of the other revision: it is refused while it
  /// lives too, and nothing of it changes. The fixture has to know both (`--eio3`).
  func untilUnknown(_ session: String) throws {
    let other = session.contains("EIO=4") ? ("EIO=4", "EIO=3") : ("EIO=3", "EIO=4")
    let asked = session.replacing(other.0, with: other.1)
    for _ in 0..<1_000 {
      if try text("GET", asked) == Self.unknown { return }
      usleep(10_000)
    }
  }

  func socket(_ target: String) throws -> BlockingSocket {
    let socket = try upgrading(target)
    #expect(try socket.head().status == 101)
    return socket
  }

  func upgrading(_ target: String) throws -> BlockingSocket {
    try started(
      "GET", target.replacing("transport=polling", with: "transport=websocket"),
      headers: [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      ])
  }
}
