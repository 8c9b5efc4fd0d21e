import HTTP1
import IORuntime
import Serving
import Testing

private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

private func post(_ path: String, _ body: String) -> String {
  "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

extension OverSockets {
  @Suite("A server answers over real sockets", .serialized)
  struct HTTPServerTests {
    @Test("requests on one connection, one after the other")
    func keepAlive() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      for number in 0..<20 {
        client.send(post("/echo", "n\(number)"))
        let answer = try #require(client.readAnswer())
        #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(answer.body == "POST n\(number)")
      }
      #expect(try await test.report().answered == 20)
    }

    @Test("pipelined requests in their order, slow ones too, and nothing is recursive")
    func pipelined() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      client.send(get("/slow") + post("/a", "1") + get("/slow") + post("/b", "2"))
      let bodies = (0..<4).map { _ in client.readAnswer()?.body }
      #expect(bodies == ["slow", "POST 1", "slow", "POST 2"])
      let many = try test.connect()
      let writer = Task.detached { many.send(String(repeating: get("/x"), count: 20_000)) }
      var count = 0
      while count < 20_000, many.readAnswer() != nil { count += 1 }
      await writer.value
      #expect(count == 20_000)
    }

    @Test("long bodies, which leave from where they stand, come whole and in their order, also between short ones")
    func longBodies() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      // `POST ` comes before what is echoed: 8,187 bytes make the 8 KiB from which on a body goes by itself.
      let sent = [1, 8_186, 8_187, 20_000, 3, 20_000, 8_188].enumerated().map { number, count in
        String(repeating: String(number), count: count)
      }
      client.send(sent.map { post("/echo", $0) }.joined())
      for body in sent { #expect(client.readAnswer()?.body == "POST " + body) }
      client.send(post("/echo", sent[3]).replacing("POST", with: "HEAD") + get("/close"))
      let rest = client.readToEnd()
      #expect(rest.contains("Content-Length: 20005\r\n") && !rest.contains(sent[3]) && rest.hasSuffix("bye"))
    }

    @Test("a request that comes byte by byte, and one that comes with the next")
    func pieces() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      let wire = post("/echo", "hello")
      for byte in wire.utf8 {
        client.send([byte])
        if byte == 0x0A { try await Task.sleep(for: .milliseconds(2)) }
      }
      #expect(client.readAnswer()?.body == "POST hello")
    }

    @Test("HEAD has no body, OPTIONS * is the server's own, close is obeyed")
    func methods() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      client.send(
        "HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n" + "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let all = client.readToEnd()
      #expect(all.contains("Content-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n"))
      #expect(all.contains("Connection: close\r\n"))
      #expect(all.contains("Allow: GET"))
      let second = try test.connect()
      second.send(get("/close"))
      #expect(second.readToEnd().hasSuffix("Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbye"))
    }

    @Test("a refused request is answered and the connection closed, and what follows is not read")
    func refused() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + get("/smuggled"))
      let all = client.readToEnd()
      #expect(all.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
      #expect(all.split(separator: "HTTP/1.1").count == 1)
      #expect(try await test.report().refused == ["host_twice": 1])
    }

    @Test("100 Continue is sent when the body may come, and not when it may not")
    func expect() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(client.read() == Response.continueBytes)
      client.send("hi")
      #expect(client.readAnswer()?.body == "POST hi")
      client.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 413 "))
    }

    @Test("a client that finishes sending still gets its answer")
    func halfClosed() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      client.send(get("/slow") + get("/x"))
      client.finishSending()
      let all = client.readToEnd()
      #expect(all.contains("slow"))
      #expect(all.hasSuffix("GET "))
    }

    @Test("a client that does not read is not read from, and gets everything in the end")
    func backpressure() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      for _ in 0..<20 { client.send(get("/big")) }
      try await Task.sleep(for: .milliseconds(200))
      #expect(try await test.report().answered < 20)
      var bodies = 0
      while bodies < 20, let answer = client.readAnswer(), answer.body.utf8.count == 1 << 20 { bodies += 1 }
      #expect(bodies == 20)
    }

    @Test("the client's address is the connection's, or a trusted proxy's word")
    func peer() async throws {
      let request = "GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n\r\n"
      let plain = try await TestServer()
      let first = try plain.connect()
      first.send(request)
      #expect(first.readAnswer()?.body == "127.0.0.1")
      let trusting = try await TestServer(proxies: try #require(TrustedProxies(parsing: "127.0.0.0/8")))
      let second = try trusting.connect()
      second.send(request)
      #expect(second.readAnswer()?.body == "192.0.2.7")
    }
  }
}

extension OverSockets {
  @Suite("A server protects itself", .serialized)
  struct ServingLimitTests {
    // Each with its own time alone cut short: on a busy machine another's would be over first.
    @Test("a header, a body, an answer that take too long", arguments: ["header", "body", "answer"])
    func deadlines(of part: String) async throws {
      let stories: [String: (limit: WritableKeyPath<ServingLimits, Int64>, request: String, status: Int)] = [
        "header": (\.headerMilliseconds, "GET / HTTP/1.1\r\nHos", 408),
        "body": (\.bodyMilliseconds, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", 408),
        "answer": (\.answerMilliseconds, get("/never"), 503),
      ]
      let (limit, request, status) = try #require(stories[part])
      var limits = ServingLimits()
      limits[keyPath: limit] = 100
      let test = try await TestServer(limits: limits)
      let client = try test.connect()
      client.send(request)
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
      #expect(try await test.report().timedOut == [part: 1])
    }

    @Test("one byte of a header at a time does not win time")
    func slowHeader() async throws {
      var limits = ServingLimits()
      limits.headerMilliseconds = 150
      let test = try await TestServer(limits: limits)
      let client = try test.connect()
      let writer = Task.detached {
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaa".utf8 {
          client.send([byte])
          try? await Task.sleep(for: .milliseconds(20))
        }
      }
      #expect(client.readToEnd().hasPrefix("HTTP/1.1 408 "))
      writer.cancel()
    }

    @Test("a body that brings its bytes may take longer")
    func steadyBody() async throws {
      var limits = ServingLimits()
      limits.bodyMilliseconds = 3_000
      // What has come gives it twenty seconds more, or a second in which nothing ran would be too much.
      limits.bodyBytesPerSecondMin = 100
      let test = try await TestServer(limits: limits)
      let client = try test.connect()
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n")
      let begun = EventLoop.monotonicMilliseconds()
      for _ in 0..<10 {
        client.send(String(repeating: "b", count: 200))
        try await Task.sleep(for: .milliseconds(350))
      }
      #expect(EventLoop.monotonicMilliseconds() - begun > limits.bodyMilliseconds)
      #expect(client.readAnswer()?.body.utf8.count == 2005)
    }

    @Test("a silent connection is closed without a word; busy ones begin anew with each request")
    func idle() async throws {
      var limits = ServingLimits()
      limits.idleMilliseconds = 4_000
      let test = try await TestServer(limits: limits)
      let client = try test.connect()
      for _ in 0..<5 {
        try await Task.sleep(for: .milliseconds(900))
        client.send(get("/x"))
        #expect(client.readAnswer()?.body == "GET ")
      }
      #expect(client.readToEnd() == "")
      #expect(try await test.report().timedOut == ["idle": 1])
    }

    @Test("connections in all and from one address")
    func connections() async throws {
      var limits = ServingLimits()
      limits.connectionsMax = 2
      let test = try await TestServer(limits: limits)
      let clients = try (0..<2).map { _ in try test.connect() }
      for client in clients {
        client.send(get("/x"))
        #expect(client.readAnswer() != nil)
      }
      let third = try test.connect()
      #expect(third.readToEnd().hasPrefix("HTTP/1.1 503 "))
      limits.connectionsMax = 100
      limits.connectionsPerAddressMax = 1
      let other = try await TestServer(limits: limits)
      let first = try other.connect()
      first.send(get("/x"))
      #expect(first.readAnswer() != nil)
      #expect(try other.connect().readToEnd().hasPrefix("HTTP/1.1 429 "))
      #expect(try await other.report().turnedAway["address"] == 1)
      withExtendedLifetime(clients) {}
    }

    /// Six ports once held six times as many as the node may open files.
    @Test("servers beside each other hold together what one may hold, and their counts add up")
    func beside() async throws {
      var limits = ServingLimits()
      limits.connectionsMax = 2
      let test = try await TestServer(limits: limits)
      let listener = try Listener(loop: test.loop, address: .ip(host: "127.0.0.1", port: 0))
      let other = HTTPServer(loop: test.loop, limits: limits, beside: test.server, handler: test.handler)
      try await test.loop.submit { try other.serve(listener) }
      var clients = [try test.connect(), try LoopbackClient(to: listener.address)]
      for client in clients {
        client.send(get("/x"))
        #expect(client.readAnswer() != nil)
      }
      #expect(try test.connect().readToEnd().hasPrefix("HTTP/1.1 503 "))
      #expect(try LoopbackClient(to: listener.address).readToEnd().hasPrefix("HTTP/1.1 503 "))
      var counts = try await test.report()
      counts.add(try await test.loop.submit { other.report })
      #expect(counts.open == 2 && counts.accepted == 4 && counts.answered == 2)
      #expect(counts.turnedAway == ["connections": 2, "address": 0])
      clients = []
      #expect(try await test.until { $0.open == 0 })
      let next = try LoopbackClient(to: listener.address)
      next.send(get("/x"))
      #expect(next.readAnswer() != nil)
    }

    @Test("drain answers what is under way, closes what is idle, takes nothing new, and says when it is done")
    func drain() async throws {
      let test = try await TestServer()
      let busy = try test.connect()
      let idle = try test.connect()
      idle.send(get("/x"))
      #expect(idle.readAnswer() != nil)
      busy.send(get("/held"))
      #expect(try await test.until { $0.open == 2 && test.handler.held.value.come == 1 })
      let finished = Box(false)
      let server = test.server
      try await test.loop.submit { server.drain { finished.change { $0 = true } } }
      #expect(idle.readToEnd() == "")
      test.handler.held.change { $0.areLetGo = true }
      let answer = busy.readToEnd()
      #expect(answer.contains("Connection: close\r\n"))
      #expect(answer.hasSuffix("held"))
      #expect(throws: (any Error).self) { try test.connect() }
      idle.finishSending()
      busy.finishSending()
      #expect(try await test.until { $0.open == 0 })
      #expect(finished.value)
    }
  }
}
