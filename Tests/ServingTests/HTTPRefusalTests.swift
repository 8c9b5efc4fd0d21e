import HTTP1
import Serving
import Testing

extension OverSockets {
  @Suite("What a server refuses by itself", .serialized)
  struct HTTPRefusalTests {
    @Test("a flood that is turned away holds no more connections than it may, and the door opens again after it")
    func flood() async throws {
      var limits = ServingLimits()
      limits.connectionsMax = 1
      limits.turnedAwayMax = 3
      limits.lingerMilliseconds = 60_000
      let test = try await TestServer(limits: limits)
      do {
        let first = try test.connect()
        #expect(try await test.until { $0.open == 1 })
        var flood: [LoopbackClient] = []
        for _ in 0..<6 { flood.append(try test.connect()) }
        #expect(try await test.until { $0.turnedAway["connections"] == 6 })
        let told = flood.map { $0.readToEnd().hasSuffix("too_many_connections at nothing") }
        #expect(told == [true, true, true, false, false, false])
        withExtendedLifetime(first) {}
      }
      #expect(try await test.until { $0.open == 0 })
      let next = try test.connect()
      next.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(next.readAnswer()?.body == "GET ")
    }

    @Test("the handler words what the server refuses, and knows the head as far as it came")
    func wording() async throws {
      // Each with one time cut short: on a busy machine another's would be over first.
      let stories: [(request: String, limit: WritableKeyPath<ServingLimits, Int64>, words: String)] = [
        ("GET / HTTP/1.1\r\nHos", \.headerMilliseconds, "request_timeout at nothing"),
        (
          "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", \.bodyMilliseconds, "request_timeout at /a"
        ),
        (
          "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", \.lingerMilliseconds,
          "body_too_large at /small"
        ),
        ("GET /never HTTP/1.1\r\nHost: a\r\n\r\n", \.answerMilliseconds, "answer_timeout at /never"),
        ("GET /b HTTP/1.1\n", \.lingerMilliseconds, "bare_line_feed at nothing"),
      ]
      for (request, limit, words) in stories {
        var limits = ServingLimits()
        limits.lingerMilliseconds = 100
        limits[keyPath: limit] = 100
        let test = try await TestServer(limits: limits)
        let client = try test.connect()
        client.send(request)
        let answer = client.readToEnd()
        #expect(answer.hasSuffix(words), "\(answer)")
        #expect(answer.contains("Connection: close"))
        #expect(try await test.until { $0.open == 0 })
      }
      var limits = ServingLimits()
      limits.connectionsPerAddressMax = 1
      let test = try await TestServer(limits: limits)
      let first = try test.connect()
      #expect(try await test.until { $0.open == 1 })
      #expect(try test.connect().readToEnd().hasSuffix("too_many_connections_of_address at nothing"))
      withExtendedLifetime(first) {}
    }
  }
}
