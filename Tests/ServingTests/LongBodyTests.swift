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
      let limits = Self.limits(room: 100)
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
