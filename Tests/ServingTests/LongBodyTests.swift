import HTTP1
import Serving
import Testing

extension OverSockets {
  @Suite struct LongBodyTests {
    private static func limits(room: Int) -> ServingLimits {
      var limits = ServingLimits()
      limits.request.bodyBytesMax = 10
      limits.largeBodies = BodyRoom(bytesMax: room)
      return limits
    }

    private static func post(_ path: String, _ length: Int) -> String {
      "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n"
    }

    @Test func `room for a large body is taken by what is announced, and given back with the answer`() async throws {
      var limits = Self.limits(room: 100)
      limits.sharesRoom = false
      let server = try await TestServer(limits: limits)
      let first = try server.connect()
      first.send(Self.post("/large", 60))
      #expect(try await server.until { _ in limits.largeBodies.taken == 60 })
      let second = try server.connect()
      second.send(Self.post("/large", 41))
      #expect(second.readToEnd().hasPrefix("HTTP/1.1 503"))
      var third: LoopbackClient? = try server.connect()
      third?.send(Self.post("/large", 40))
      #expect(try await server.until { _ in limits.largeBodies.taken == 100 })
      first.send(String(repeating: "x", count: 60))
      #expect(first.readAnswer()?.head.contains("200 OK") == true)
      #expect(try await server.until { _ in limits.largeBodies.taken == 40 })
      third = nil
      #expect(try await server.until { _ in limits.largeBodies.taken == 0 })
    }

    private static func proxied(room: Int) throws -> (ServingLimits, TrustedProxies) {
      (limits(room: room), try #require(TrustedProxies(parsing: "127.0.0.1")))
    }

    private static func post(_ length: Int, from address: String, as account: String) -> String {
      "POST /large HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(address)\r\nX-Account: \(account)\r\n"
        + "Content-Length: \(length)\r\n\r\n"
    }

    @Test func `one account or address has its share of the room, and others send meanwhile`() async throws {
      let (limits, proxies) = try Self.proxied(room: 240)
      let server = try await TestServer(limits: limits, proxies: proxies)
      var slow: [LoopbackClient] = []
      func begin(_ length: Int, from address: String, as account: String) throws -> LoopbackClient {
        let client = try server.connect()
        client.send(Self.post(length, from: address, as: account))
        slow.append(client)
        return client
      }
      _ = try begin(60, from: "192.0.2.1", as: "ada")
      #expect(try await server.until { _ in limits.largeBodies.taken == 60 })
      let second = try begin(11, from: "192.0.2.9", as: "ada")
      let refused = second.readToEnd()
      #expect(refused.hasPrefix("HTTP/1.1 429"))
      #expect(refused.contains("uploads_of_account_full at /large"))
      _ = try begin(60, from: "192.0.2.1", as: "bob")
      #expect(try await server.until { _ in limits.largeBodies.taken == 120 })
      let third = try begin(11, from: "192.0.2.1", as: "eve")
      #expect(third.readToEnd().contains("uploads_of_address_full at /large"))
      let honest = try begin(90, from: "2001:db8::1", as: "zoe")
      honest.send(String(repeating: "x", count: 90))
      #expect(honest.readAnswer()?.head.contains("200 OK") == true)
      #expect(try await server.until { $0.refused == ["uploads_of_account_full": 1, "uploads_of_address_full": 1] })
      #expect(limits.largeBodies.taken == 120)
    }

    @Test func `a proxy that names no client has no share of its own`() async throws {
      let (limits, proxies) = try Self.proxied(room: 180)
      let server = try await TestServer(limits: limits, proxies: proxies)
      let clients = try (0..<3).map { _ in try server.connect() }
      for client in clients { client.send(Self.post("/large", 60)) }
      #expect(try await server.until { _ in limits.largeBodies.taken == 180 })
    }

    @Test func `while room is scarce who is slower than a bad line makes place`() async throws {
      var limits = Self.limits(room: 180)
      limits.bodyMilliseconds = 500
      limits.longBytesPerSecondMin = 1
      limits.sharesRoom = false
      let server = try await TestServer(limits: limits)
      let (other, client) = (try server.connect(), try server.connect())
      for one in [other, client] { one.send(Self.post("/large", 90)) }
      for _ in 0..<80 where try await server.report().timedOut["body"] == nil {
        for one in [other, client] { one.send("x") }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(try await server.report().timedOut["body"] != nil, "while they still send")
      #expect(try await server.until { $0.timedOut["body"] == 2 })
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 408"))
    }

    @Test func `a long answer has room until it is read, and one for which there is none is refused`() async throws {
      var limits = ServingLimits()
      limits.longAnswers = BodyRoom(bytesMax: 18 << 20, for: .answers)
      let server = try await TestServer(limits: limits)
      let get = "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n"
      var first: LoopbackClient? = try server.connect(narrow: true)
      first?.send(get)
      #expect(try await server.until { _ in limits.longAnswers.taken == 12 << 20 })
      let second = try server.connect()
      second.send(get)
      #expect(second.readAnswer()?.body == "answers_of_address_full at /huge")
      first = nil
      #expect(try await server.until { _ in limits.longAnswers.taken == 0 })
      let third = try server.connect()
      third.send("HEAD /huge HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(third.read()?.isEmpty == false)
      #expect(limits.longAnswers.taken == 0)
      third.send(get)
      #expect(third.readAnswer()?.body.utf8.count == 12 << 20)
      #expect(try await server.until { _ in limits.longAnswers.taken == 0 })
      #expect(try await server.report().refused == ["answers_of_address_full": 1])
    }

    private static func withoutRoom() async throws -> TestServer {
      var limits = ServingLimits()
      limits.longAnswers = BodyRoom(bytesMax: 0, for: .answers)
      return try await TestServer(limits: limits)
    }

    @Test func `an answer that has brought its own room is sent, though there is no more for its end`() async throws {
      let server = try await Self.withoutRoom()
      let client = try server.connect()
      client.send("GET /gathered HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readAnswer()?.body.utf8.count == 1 << 20)
      client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 503"))
    }

    @Test func `an answer that fits a send queue needs no room`() async throws {
      let server = try await Self.withoutRoom()
      let client = try server.connect()
      client.send("GET /usual HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readAnswer()?.body.utf8.count == 256 << 10)
    }

    @Test func `a body whose length was not announced keeps room for what has come, once it is whole`() async throws {
      let limits = Self.limits(room: 100)
      let server = try await TestServer(limits: limits)
      let client = try server.connect()
      client.send("POST /held HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n")
      #expect(try await server.until { _ in limits.largeBodies.taken == 90 })
      client.send(String(repeating: "x", count: 20) + "\r\n0\r\n\r\n")
      #expect(try await server.until { _ in server.handler.held.value.come == 1 })
      #expect(limits.largeBodies.taken == 20)
      server.handler.held.change { $0.areLetGo = true }
      #expect(client.readAnswer()?.body == "held")
      #expect(try await server.until { _ in limits.largeBodies.taken == 0 })
    }

    /// The kernel asks for more only when a third of its megabytes is free, which takes this reader four seconds.
    @Test func `who reads at a steady pace stays, whatever the kernel has been given for him`() async throws {
      var limits = ServingLimits()
      limits.bodyMilliseconds = 6_000
      let server = try await TestServer(limits: limits)
      let client = try server.connect()
      client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
      for _ in 0..<40 where try await server.report().timedOut["stream"] == nil {
        #expect(client.read(most: 16_384)?.isEmpty == false)
        try await Task.sleep(for: .milliseconds(250))
      }
      #expect(try await server.report().timedOut["stream"] == nil)
    }

    @Test func `who does not read a long answer is let go, and its room given back`() async throws {
      var limits = ServingLimits()
      limits.bodyMilliseconds = 300
      let server = try await TestServer(limits: limits)
      let client = try server.connect(narrow: true)
      client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await server.until { $0.timedOut["stream"] == 1 })
      #expect(try await server.until { _ in limits.longAnswers.taken == 0 })
    }

    @Test func `small bodies need no room, and a route without a larger limit gets none`() async throws {
      let server = try await TestServer(limits: Self.limits(room: 0))
      let client = try server.connect()
      client.send(Self.post("/large", 10) + "0123456789")
      #expect(client.readAnswer()?.body == "POST 0123456789")
      client.send(Self.post("/echo", 11))
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 413"))
    }

    @Test func `a handler may refuse a body before a byte of it is read`() async throws {
      let server = try await TestServer(limits: Self.limits(room: 100))
      let client = try server.connect()
      client.send("POST /stranger HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
      let answer = client.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 401"))
      #expect(answer.contains("stranger at /stranger"))
    }

    @Test func `a long answer is whole, and the next request follows it`() async throws {
      let server = try await TestServer()
      let client = try server.connect()
      client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readAnswer()?.body == String(repeating: "s", count: 3_000_000))
      #expect(client.readAnswer()?.body == "127.0.0.1")
      client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let head = client.readToEnd()
      #expect(head.contains("Content-Length: 3000000\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
    }

    @Test func `a reader who does not read is given no more than fits, and is let go in the end`() async throws {
      var limits = ServingLimits()
      limits.bodyMilliseconds = 300
      limits.bodyBytesPerSecondMin = 1_000_000_000
      let server = try await TestServer(limits: limits)
      let client = try server.connect()
      client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await server.until { $0.timedOut["stream"] == 1 })
      #expect(server.handler.poured.value < 64_000_000, "not all of it was read")
    }

    @Test func `an answer that breaks off ends the connection`() async throws {
      let server = try await TestServer()
      let client = try server.connect()
      client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.readAnswer() == nil)
    }
  }
}
