import Testing

extension AgainstTheFixture {
  /// Revision 3, where it is asked for.
  @Suite struct EngineThree {
    @Test("payloads are prefixed with lengths, as text or as bytes, as the handshake asked")
    func payloads() async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + ["--eio3"])
        let opened = try fixture.text("GET", "/engine.io/?EIO=3&transport=polling")
        let parts = opened.dropFirst(4).split(separator: ":", maxSplits: 1)
        #expect(parts.count == 2 && Int(parts[0]) == parts[1].utf16.count && parts[1].hasPrefix("0{\"sid\":"))
        for body in ["6:4hello", "6:4test16:4test26:4test3", "6:4hello10:b4AQIDBA==", "2:4€"] {
          let session = try fixture.session(version: 3, extra: "&b64=1")
          #expect(try fixture.text("POST", session, body) == "200 ok")
          #expect(try fixture.text("GET", session) == "200 \(body)")
        }
        let session = try fixture.session(version: 3)
        #expect(try fixture.text("POST", session, "6:4hello10:b4AQIDBA==") == "200 ok")
        let answer = try fixture.call("GET", session)
        #expect(answer.body == [0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4])
        #expect(answer.head.contains("\r\nContent-Type: application/octet-stream\r\n"))
        #expect(try fixture.call("POST", session, answer.body).status == 200)
        #expect(try fixture.call("GET", session).body == answer.body)
        #expect(try fixture.text("POST", session, "abc").hasPrefix("400 "))
        #expect(try fixture.text("GET", session).hasPrefix("400 "))
      }
    }

    @Test("the client pings, and its silence ends the session; the other revision is served beside")
    func heartbeat() async throws {
      try await apart {
        let fixture = try FixtureProcess(["--ping-interval", "1500", "--ping-timeout", "1500", "--eio3"])
        let session = try fixture.session(version: 3)
        #expect(try fixture.text("POST", session, "1:2") == "200 ok")
        #expect(try fixture.text("GET", session) == "200 1:3")
        try fixture.untilUnknown(session)
        #expect(try fixture.text("POST", session, "1:2").hasPrefix("400 "))
        let four = try fixture.session()
        #expect(try fixture.text("POST", four.replacing("EIO=4", with: "EIO=3"), "1:2").hasPrefix("400 {\"code\":3"))
      }
    }

    @Test("a session goes over to a WebSocket, whose binary messages have their type before them")
    func upgrade() async throws {
      try await apart {
        let fixture = try FixtureProcess(FixtureProcess.quiet + ["--eio3"])
        let session = try fixture.session(version: 3)
        let poll = try fixture.started("GET", session)
        try poll.untilHeard()
        let socket = try fixture.socket(session)
        socket.say("2probe")
        #expect(try socket.hear() == "3probe")
        #expect(try poll.text() == "200 1:6")
        socket.say("5")
        socket.say([4, 1, 2])
        #expect(try socket.hear() == "[4, 1, 2]")
        socket.say("2")
        #expect(try socket.hear() == "3")
        socket.say("1")
        #expect(try socket.hear() == "close 1000")
      }
    }
  }
}
