import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Dialects

@Suite struct DialectServiceTests {
  private let stage = MemoryStage(.umocSession)

  private func ask(
    _ method: String, _ path: String, _ headers: HeaderFields = [:]
  ) async throws -> (status: Int, headers: HeaderFields) {
    let answer = try await stage.request(method, path, headers, [])
    return (answer.status, answer.headers)
  }

  @Test(arguments: ["/", "/addContact", "/nowhere"])
  func `a preflight is answered on every path, with the headers that were asked for`(path: String) async throws {
    let asked: HeaderFields = [
      "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "x-anything",
    ]
    let answer = try await ask("OPTIONS", path, asked)
    #expect(answer.status == 204)
    #expect(answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000")
    #expect(answer.headers["Access-Control-Allow-Headers"] == "x-anything")
  }

  @Test func `pages of other origins are told nothing`() async throws {
    let known = try await ask("GET", "/", ["Origin": "http://localhost:3000"])
    #expect(known.headers["Access-Control-Allow-Origin"] == "http://localhost:3000")
    let stranger = try await ask("GET", "/", ["Origin": "http://evil.example"])
    #expect(!stranger.headers.contains("Access-Control-Allow-Origin"))
  }

  @Test func `nothing is cached or sniffed`() async throws {
    for path in ["/", "/login?username=a&password=b", "/nowhere"] {
      let answer = try await ask("GET", path)
      #expect(answer.headers["Cache-Control"] == "no-store")
      #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
    }
  }

  @Test func `a slash at the end is no difference, and HEAD is GET`() async throws {
    #expect(try await ask("POST", "/logout/").status == 400)
    #expect(try await ask("HEAD", "/").status == 200)
    #expect(try await ask("GET", "//").status == 404)
    let other = try await ask("GET", "/logout")
    #expect(other.status == 405)
    #expect(other.headers["Allow"] == "POST, OPTIONS")
  }

  @Test func `too many members are refused in the dialect's own frame, by requests and by sockets`() async throws {
    let body = "{" + (0...Query.parametersMax).map { "\"m\($0)\":1" }.joined(separator: ",") + "}"
    let words = "There are more than 64 parameters"
    let realtime = MemoryStage(.realtime)
    let answer = try await realtime.request(
      "POST", "/api/auth/login", ["Content-Type": "application/json"], Array(body.utf8))
    #expect(answer.status == 400)
    #expect(try JSONValue(parsing: answer.body) == ["message": .string(words)])
    let socket = try #require(try await MemoryStage(.pymessage).connect("", [:], auth: nil))
    var frame = try #require(try JSONValue(parsing: body).object)
    frame["type"] = "login"
    try await socket.send(.object(frame))
    #expect(try await socket.next()?["error"]?.string == words)
  }

  @Test func `what a server refuses is said in the dialect's frame, with when to come again`() throws {
    let full = stage.mount.response(refusing: 429, "Later.", retryAfter: 2, origin: nil)
    #expect(full.status.code == 429)
    #expect(full.headers["Retry-After"] == "2")
    #expect(full.closesConnection)
    #expect(String(decoding: full.body, as: UTF8.self).contains("Later."))
    #expect(!stage.mount.response(refusing: 413, "Never.", origin: nil).headers.contains("Retry-After"))
  }
}
