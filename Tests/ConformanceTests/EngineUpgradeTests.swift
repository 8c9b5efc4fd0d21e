import Testing

extension AgainstTheFixture {
  /// Going over to a WebSocket, and time.
  @Suite struct EngineUpgrade {
    static let loops = [["--loops", "1"], ["--loops", "3"]]

    @Test("a session goes over to a WebSocket: probe, noop for the poll, upgrade", arguments: loops)
    func upgrade(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        let poll = try fixture.started("GET", session)
        try poll.untilHeard()
        let socket = try fixture.socket(session)
        socket.say("2probe")
        #expect(try socket.hear() == "3probe")
        #expect(try poll.text() == "200 6")
        #expect(try fixture.text("GET", session) == "200 6", "and every further poll until the upgrade")
        socket.say("5")
        socket.say("4hello")
        #expect(try socket.hear() == "4hello")
        #expect(try fixture.text("GET", session).hasPrefix("400 "))
        #expect(try fixture.text("POST", session, "4a").hasPrefix("400 "))
        socket.say("4still")
        #expect(try socket.hear() == "4still")
      }
    }

    @Test("what waited for a poll comes by the WebSocket, before what follows", arguments: loops)
    func queue(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        let socket = try fixture.socket(session)
        socket.say("2probe")
        #expect(try socket.hear() == "3probe")
        #expect(try fixture.text("POST", session, "4a\u{1E}bAQI=\u{1E}4b") == "200 ok")
        socket.say("5")
        socket.say("4c")
        #expect(try (0..<4).map { _ in try socket.hear() } == ["4a", "[1, 2]", "4b", "4c"])
      }
    }

    @Test("after the upgrade polls and further WebSockets of the session are refused, at once")
    func refused() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        for _ in 0..<20 {
          let session = try fixture.session()
          let socket = try fixture.socket(session)
          socket.say("2probe")
          socket.say("5")
          #expect(try fixture.text("GET", session).hasPrefix("400 "))
          #expect(try fixture.upgrading(session).head().status == 400)
          #expect(try socket.hear() == "3probe")
          socket.say("4hello")
          #expect(try socket.hear() == "4hello")
        }
      }
    }

    @Test("a WebSocket that says anything else is dropped, and the session goes on by polling", arguments: loops)
    func badProbe(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        for word in ["5", "4hello", "2", "abc"] {
          let socket = try fixture.socket(session)
          socket.say(word)
          #expect(try socket.hear() == "close 1000", "\(word)")
        }
        #expect(try fixture.text("POST", session, "4a") == "200 ok")
        #expect(try fixture.text("GET", session) == "200 4a")
      }
    }

    // MARK: Time

    @Test("the server pings by polling and by WebSocket, and a client that answers stays")
    func pings() async throws {
      try await apart {
        let fixture = try FixtureProcess(["--ping-interval", "300", "--ping-timeout", "20000"])
        let session = try fixture.session()
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        for _ in 0..<3 {
          #expect(try fixture.text("GET", session) == "200 2")
          #expect(try fixture.text("POST", session, "3") == "200 ok")
          #expect(try socket.hear() == "2")
          socket.say("3")
        }
      }
    }

    @Test("a session whose client is silent is gone on time")
    func timeout() async throws {
      try await apart {
        let fixture = try FixtureProcess(["--eio3"])
        let begun = ContinuousClock.now
        let session = try fixture.session()
        try fixture.untilUnknown(session)
        let took = begun.duration(to: .now)
        #expect(took > .milliseconds(490) && took < .seconds(8), "300 ms to the ping, 200 for its answer")
        #expect(try fixture.text("GET", session) == FixtureProcess.unknown)
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        #expect(try socket.hear() == "2")
        #expect(try socket.hear() == "close 1000")
      }
    }
  }
}
