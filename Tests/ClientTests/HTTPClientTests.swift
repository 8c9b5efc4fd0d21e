import Client
import HTTP1
import IORuntime
import Synchronization
import Testing

struct HTTPClientTests {
  private static func answer(_ body: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// Runs a body on the server's loop with a client of it.
  @discardableResult
  private static func with<Value: Sendable>(
    _ script: @escaping @Sendable (String, Int) -> ScriptedServer.Reaction,
    _ body: @escaping @Sendable (HTTPClient, ScriptedServer) async throws -> Value
  ) async throws -> Value {
    let server = try await ScriptedServer(script)
    defer { server.end() }
    return try await withTaskExecutorPreference(server.loop) {
      let client = HTTPClient(loop: server.loop, address: server.address)
      defer { client.close() }
      return try await body(client, server)
    }
  }

  @Test func `two calls one after the other use one connection`() async throws {
    let (bodies, connections) = try await Self.with({ text, _ in .say(Self.answer(String(text.prefix(6)))) }) {
      client, server in
      let first = try await client.call(.get, "/a")
      let second = try await client.call(.get, "/b")
      return ([first.body, second.body], server.connections)
    }
    #expect(bodies == [Array("GET /a".utf8), Array("GET /b".utf8)])
    #expect(connections == 1)
  }

  @Test func `a server that says close gets a new connection next time`() async throws {
    let connections = try await Self.with({ _, _ in .sayAndClose(Self.answer("x", "Connection: close\r\n")) }) {
      client, server in
      for _ in 0..<2 { _ = try await client.call(.get, "/") }
      return server.connections
    }
    #expect(connections == 2)
  }

  @Test func `a GET on a kept connection that was closed meanwhile is tried again, a POST that was heard is not`()
    async throws
  {
    try await Self.with({ text, number in
      if text.hasPrefix("POST") { return .close }
      return number == 0 && text.contains("/second") ? .close : .say(Self.answer("ok"))
    }) { client, server in
      _ = try await client.call(.get, "/first")
      #expect(try await client.call(.get, "/second").status == 200)
      #expect(server.connections == 2)
      await #expect(throws: CallFailure.self) {
        _ = try await client.call(.post, "/third", body: [1])
      }
      #expect(server.connections == 2)
    }
  }

  @Test func `an answer that never comes ends with the deadline`() async throws {
    let took = try await Self.with({ _, _ in .wait }) { client, server in
      let begin = EventLoop.monotonicMilliseconds()
      await #expect(throws: CallFailure("timed out")) { try await client.call(.get, "/", deadline: 150) }
      return EventLoop.monotonicMilliseconds() - begin
    }
    #expect((140...8_000).contains(took))
  }

  @Test func `a server that is silent on a kept connection is not asked over each of them in turn`() async throws {
    let asked = Mutex(0)
    try await Self.with({ text, _ in
      guard text.contains("/silent") else { return .say(Self.answer("ok")) }
      asked.withLock { $0 += 1 }
      return .wait
    }) { client, server in
      try await withThrowingTaskGroup { group in
        for _ in 0..<4 { group.addTask { _ = try await client.call(.get, "/") } }
        try await group.waitForAll()
      }
      #expect(server.connections == 4)
      await #expect(throws: CallFailure("timed out")) { try await client.call(.get, "/silent", deadline: 150) }
    }
    #expect(asked.withLock { $0 } == 1)
  }

  @Test func `what comes behind an answer is nobody's`() async throws {
    let bodies = try await Self.with({ text, _ in
      let answer = Self.answer(String(text.prefix(6)))
      return .say(text.contains("/a") ? answer + Self.answer("of another") : answer)
    }) { client, server in
      var bodies: [String] = []
      for path in ["/a", "/b", "/c"] {
        bodies.append(String(decoding: try await client.call(.get, path).body, as: UTF8.self))
      }
      #expect(server.connections == 2)
      return bodies
    }
    #expect(bodies == ["GET /a", "GET /b", "GET /c"])
  }

  @Test func `what is no HTTP, or has no length, is refused`() async throws {
    for answer in ["hello\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"] {
      try await Self.with({ _, _ in .say(answer) }) { client, _ in
        await #expect(throws: CallFailure.self) { _ = try await client.call(.get, "/") }
      }
    }
  }

  @Test func `an interim answer is passed over, and HEAD has no body whatever it says`() async throws {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n" + Self.answer("late")
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    let bodies = try await Self.with({ text, _ in .say(text.hasPrefix("HEAD") ? head : interim) }) { client, _ in
      let posted = try await client.call(.post, "/", body: [1])
      let asked = try await client.call(.head, "/")
      let again = try await client.call(.post, "/", body: [1])
      return [posted, asked, again].map { String(decoding: $0.body, as: UTF8.self) }
    }
    #expect(bodies == ["late", "", "late"])
  }

  @Test func `a port where nobody listens is told`() async throws {
    let server = try await ScriptedServer { _, _ in .wait }
    let address = server.address
    server.end()
    let loop = try EventLoop(name: "caller")
    try loop.start()
    defer { loop.stop() }
    _ = await withTaskExecutorPreference(loop) {
      await #expect(throws: CallFailure.self) { _ = try await HTTPClient(loop: loop, address: address).call(.get, "/") }
    }
  }
}
