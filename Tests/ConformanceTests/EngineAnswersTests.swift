import Testing

extension AgainstTheFixture {
  /// The exact answers of Engine.IO that clients rely on; with one loop, and with the requests of a session on three.
  @Suite struct EngineAnswers {
    static let loops = [["--loops", "1"], ["--loops", "3"]]

    @Test("a handshake tells the terms, by polling with the upgrade and by WebSocket without", arguments: loops)
    func handshake(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(loops)
        let times = #""pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#
        let polling = try fixture.text("GET", "/engine.io/?EIO=4&transport=polling")
        #expect(polling.wholeMatch(of: /200 0\{"sid":"[\w-]{24}","upgrades":\["websocket"\],"ping.*/) != nil)
        #expect(polling.hasSuffix(times))
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket").hear()
        #expect(socket.wholeMatch(of: /0\{"sid":"[\w-]{24}","upgrades":\[\],"ping.*/) != nil && socket.hasSuffix(times))
      }
    }

    @Test("what is no request of Engine.IO is refused with 400 and the code that clients know")
    func refusals() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        func refused(_ method: String, _ query: String, _ code: Int) throws {
          let answer = try fixture.text(method, "/engine.io/\(query)")
          #expect(answer.hasPrefix("400 {\"code\":\(code),"), "\(method) \(query): \(answer)")
        }
        try refused("GET", "?transport=polling", 5)
        try refused("GET", "?EIO=abc&transport=polling", 5)
        try refused("GET", "?EIO=3&transport=polling", 5)
        try refused("GET", "?EIO=5&transport=polling", 5)
        try refused("GET", "?EIO=4", 0)
        try refused("GET", "?EIO=4&transport=abc", 0)
        try refused("POST", "?EIO=4&transport=polling", 2)
        try refused("PUT", "?EIO=4&transport=polling", 2)
        try refused("GET", "?EIO=4&transport=websocket", 3)
        try refused("GET", "?EIO=4&transport=polling&EIO=4", 3)
        let unknown = try fixture.text("GET", "/engine.io/?EIO=4&transport=polling&sid=abc")
        #expect(unknown == FixtureProcess.unknown)
        for query in ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"] {
          #expect(try fixture.upgrading("/engine.io/?\(query)").head().status == 400)
        }
        #expect(try fixture.upgrading("/engine.io/?EIO=4&transport=websocket&sid=abc").head().status == 400)
      }
    }

    @Test("messages come back as they were, one and many, text and bytes", arguments: loops)
    func echo(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        for body in ["4hello", "4test1\u{1E}4test2\u{1E}4test3", "4hello\u{1E}bAQIDBA==", "4€😀"] {
          let session = try fixture.session()
          #expect(try fixture.text("POST", session, body) == "200 ok")
          #expect(try fixture.text("GET", session) == "200 \(body)")
        }
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        socket.say("4hello")
        socket.say([1, 2, 3, 4])
        #expect(try socket.hear() == "4hello")
        #expect(try socket.hear() == "[1, 2, 3, 4]")
      }
    }

    @Test("a poll's answer has at most sixteen packets, and nothing is lost or out of order", arguments: loops)
    func sixteen(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        let packets = (0..<40).map { "4\($0)" }
        #expect(try fixture.text("POST", session, packets.joined(separator: "\u{1E}")) == "200 ok")
        var got: [Substring] = []
        while got.count < 40 {
          let answer = try fixture.text("GET", session).dropFirst(4).split(separator: "\u{1E}")
          #expect((1...16).contains(answer.count))
          got += answer
        }
        #expect(got.map { String($0) } == packets)
      }
    }

    @Test("garbage is refused and ends the session", arguments: loops)
    func garbage(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        for body in ["abc", "", "4a\u{1E}", "bA", "2", "0{}"] {
          let session = try fixture.session()
          #expect(try fixture.text("POST", session, body).hasPrefix("400 "), "\(body)")
          #expect(try fixture.text("GET", session).hasPrefix("400 "), "\(body)")
        }
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        socket.say("abc")
        #expect(try socket.hear() == "close 1002")
      }
    }

    @Test("what is larger than the payload is refused with 413, and 1009 by WebSocket")
    func tooLarge() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        let session = try fixture.session()
        let large = [UInt8(ascii: "4")] + [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        let refused = try fixture.call("POST", session, large, headers: ["Origin: http://elsewhere.example"])
        #expect(refused.status == 413 && refused.head.contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
        #expect(try fixture.text("POST", session, "4still here") == "200 ok")
        #expect(try fixture.text("GET", session) == "200 4still here")
        #expect(try fixture.call("POST", session, Array(large.dropLast())).status == 200)
        #expect(try fixture.call("GET", session).body.count == 1_000_000)
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        socket.say([UInt8](repeating: 7, count: 1_000_001))
        #expect(try socket.hear() == "close 1009")
      }
    }

    @Test("a second poll ends the session: the first is answered, the second refused", arguments: loops)
    func secondPoll(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        let (one, other) = (try fixture.started("GET", session), try fixture.started("GET", session))
        // With several loops either may be the first to arrive at the session's.
        let answers = [try one.text(), try other.text()]
        #expect(answers.contains("200 1") && answers.contains { $0.hasPrefix("400 ") }, "\(answers)")
        #expect(try fixture.text("GET", session).hasPrefix("400 "))
      }
    }

    @Test("a poll that the client cancels ends the session", arguments: loops)
    func cancelled(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + ["--eio3"] + loops)
        let session = try fixture.session()
        var poll: BlockingSocket? = try fixture.started("GET", session)
        try poll?.untilHeard()
        poll = nil
        try fixture.untilUnknown(session)
        #expect(try fixture.text("GET", session) == FixtureProcess.unknown)
      }
    }

    @Test("the client's good-bye ends the pending poll with a noop", arguments: loops)
    func goodbye(loops: [String]) async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + loops)
        let session = try fixture.session()
        let poll = try fixture.started("GET", session)
        try poll.untilHeard()
        #expect(try fixture.text("POST", session, "1") == "200 ok")
        #expect(try poll.text() == "200 6")
        #expect(try fixture.text("GET", session).hasPrefix("400 "))
        let socket = try fixture.socket("/engine.io/?EIO=4&transport=websocket")
        _ = try socket.hear()
        socket.say("1")
        #expect(try socket.hear() == "close 1000")
      }
    }

    @Test("pages of other origins may read the answers, and ask before")
    func crossOrigin() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        let answer = try fixture.call(
          "GET", "/engine.io/?EIO=4&transport=polling", headers: ["Origin: http://elsewhere.example"])
        #expect(answer.head.contains("\r\nAccess-Control-Allow-Origin: *\r\n") && !answer.head.contains("Set-Cookie"))
        let refused = try fixture.call("GET", "/engine.io/?EIO=4", headers: ["Origin: http://elsewhere.example"])
        #expect(refused.status == 400 && refused.head.contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
        let preflight = try fixture.call(
          "OPTIONS", "/engine.io/?EIO=4&transport=polling",
          headers: ["Origin: http://elsewhere.example", "Access-Control-Request-Method: POST"])
        #expect(preflight.status == 204 && preflight.head.contains("\r\nAccess-Control-Allow-Methods: "))
      }
    }
  }
}
