import JSONText
import Testing
import Tokens

extension AgainstTheFixture {
  /// The echoes of WebSocket and HTTP, and the bearer check.
  @Suite struct PlainAnswers {
    @Test("messages of WebSocket come back as they were, large ones too")
    func webSocket() async throws {
      try await apart {
        let socket = try FixtureProcess().socket("/ws-echo")
        socket.say("hello €")
        #expect(try socket.hear() == "hello €")
        socket.say([0, 255])
        #expect(try socket.hear() == "[0, 255]")
        let large = String(repeating: "x", count: 16 << 20)
        socket.say(large)
        #expect(try socket.hear() == large)
      }
    }

    @Test("HTTP says OK, sends bodies back and shows the header")
    func http() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        #expect(try fixture.text("GET", "/http/") == "200 OK")
        #expect(try fixture.text("POST", "/http/", "abc") == "200 abc")
        #expect(try fixture.text("PUT", "/http/any", "") == "200 ")
        #expect(try fixture.call("DELETE", "/http/").status == 405)
        #expect(try fixture.call("GET", "/nowhere").status == 404)
        let answer = try fixture.call("GET", "/http/headers", headers: ["X-A: 1", "x-a: 2"])
        #expect(try JSONValue(parsing: answer.body) == ["host": "localhost", "x-a": "1, 2"])
      }
    }

    @Test("a bearer token says whom it is about, and anything else is refused")
    func tokens() async throws {
      try await apart {
        let secret = "0123456789abcdef0123456789abcdef"
        let fixture = try FixtureProcess(["--jwt-secret", secret])
        func ask(_ headers: [String]) throws -> (status: Int, head: String, body: [UInt8]) {
          try fixture.call("GET", "/jwt/me", headers: headers)
        }
        func token(_ audience: String) throws -> String {
          let ring = try KeyRing([TokenKey(secret: Array(secret.utf8), kid: nil)])
          return try AccessClaims(
            issuer: "chat", audience: audience, subject: "ada", session: "1", issuedAt: 1_700_000_000,
            expires: 4_000_000_000
          ).sign(with: ring)
        }
        let good = try ask(["Authorization: Bearer \(try token("chat-api"))"])
        #expect(good.status == 200 && good.body == Array(#"{"sub":"ada"}"#.utf8))
        for headers in [[], ["Authorization: Bearer \(try token("other"))"], ["Authorization: Basic YTpi"]] {
          let answer = try ask(headers)
          #expect(answer.status == 401 && answer.head.contains("application/problem+json"))
          #expect(try JSONValue(parsing: answer.body)["status"] == 401)
        }
      }
    }
  }
}
