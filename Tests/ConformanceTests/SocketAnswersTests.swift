import Testing

extension AgainstTheFixture {
  /// The exact answers of Socket.IO that clients rely on.
  @Suite struct SocketAnswers {
    private func opened(_ fixture: FixtureProcess) throws -> BlockingSocket {
      let socket = try fixture.socket("/socket.io/?EIO=4&transport=websocket")
      #expect(try socket.hear().hasPrefix("0{"))
      return socket
    }

    private func connected(_ fixture: FixtureProcess) throws -> BlockingSocket {
      let socket = try opened(fixture)
      socket.say("40")
      #expect(try socket.hear().hasPrefix("40{"))
      #expect(try socket.hear() == #"42["auth",{}]"#)
      return socket
    }

    @Test("CONNECT is answered with an id alone, then its payload comes back as an event")
    func connect() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        for (said, answer, event) in [
          ("40", "40", #"42["auth",{}]"#), (#"40{"token":"123"}"#, "40", #"42["auth",{"token":"123"}]"#),
          ("40/custom,", "40/custom,", #"42/custom,["auth",{}]"#),
          ("40/custom", "40/custom,", #"42/custom,["auth",{}]"#),
          (#"40/custom,{"token":"abc"}"#, "40/custom,", #"42/custom,["auth",{"token":"abc"}]"#),
        ] {
          let socket = try opened(fixture)
          socket.say(said)
          let heard = try socket.hear()
          #expect(heard.hasPrefix(answer) && heard.dropFirst(answer.count).wholeMatch(of: /\{"sid":"[\w-]+"\}/) != nil)
          #expect(try socket.hear() == event)
        }
      }
    }

    @Test("an unknown namespace is refused, and the client may ask for another")
    func namespace() async throws {
      try await apart {
        let socket = try opened(try FixtureProcess())
        socket.say("40/random")
        #expect(try socket.hear() == #"44/random,{"message":"Invalid namespace"}"#)
        socket.say("40")
        #expect(try socket.hear().hasPrefix("40{"))
      }
    }

    @Test(
      "what breaks the protocol closes the connection",
      arguments: [
        "4abc", "4", "42{}", "42[", "42[1]", #"42abc["message-with-ack",1]"#, #"42["connect"]"#, "40", "44{}",
        #"451-["message",{"_placeholder":true,"num":1}]"#, #"451000-["message"]"#, #"42/custom,["message"]"#,
      ])
    func broken(said: String) async throws {
      try await apart {
        let socket = try connected(try FixtureProcess())
        socket.say(said)
        #expect(try socket.hear() == "close 1000")
      }
    }

    @Test("a client that says nothing, or an event before CONNECT, is closed")
    func silent() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        let early = try opened(fixture)
        early.say(#"42["message"]"#)
        #expect(try early.hear() == "close 1000")
        let silent = try opened(fixture)
        #expect(try silent.hear() == "close 1000", "after the second that there is for CONNECT")
      }
    }

    @Test("a client leaves a namespace, and the connection stays")
    func leaving() async throws {
      try await apart {
        let fixture = try FixtureProcess(["--ping-interval", "300", "--ping-timeout", "5000"])
        let socket = try connected(fixture)
        socket.say("40/custom")
        #expect(try socket.hearPastPings().hasPrefix("40/custom,{"))
        #expect(try socket.hearPastPings() == #"42/custom,["auth",{}]"#)
        socket.say("41/custom")
        socket.say(#"42["message","to the main namespace"]"#)
        #expect(try socket.hearPastPings() == #"42["message-back","to the main namespace"]"#)
        socket.say("41")
        #expect(try socket.hear() == "2")
      }
    }

    @Test("events and acks come back with the same arguments and attachments")
    func messages() async throws {
      try await apart {
        let socket = try connected(try FixtureProcess())
        socket.say(#"42["message",1,"2",{"3":[true]}]"#)
        #expect(try socket.hear() == #"42["message-back",1,"2",{"3":[true]}]"#)
        socket.say(#"42["message", 9007199254740993 , "\ud800", 1.0e400]"#)
        #expect(try socket.hear() == #"42["message-back",9007199254740993,"\ud800",1.0e400]"#)
        socket.say(#"42456["message-with-ack",1,"2",{"3":[false]}]"#)
        #expect(try socket.hear() == #"43456[1,"2",{"3":[false]}]"#)
        socket.say(#"42["message-with-ack","nobody asks"]"#)
        let holders = #"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#
        socket.say(#"452-["message",\#(holders)]"#)
        socket.say([1, 2, 3])
        socket.say([4, 5, 6])
        #expect(try socket.hear() == #"452-["message-back",\#(holders)]"#)
        #expect(try socket.hear() == "[1, 2, 3]" && socket.hear() == "[4, 5, 6]")
        socket.say(#"452-789["message-with-ack",\#(holders)]"#)
        socket.say([1, 2, 3])
        socket.say([4, 5, 6])
        #expect(try socket.hear() == #"462-789[\#(holders)]"#)
        #expect(try socket.hear() == "[1, 2, 3]" && socket.hear() == "[4, 5, 6]")
      }
    }

    @Test("the same by polling")
    func polling() async throws {
      try await apart {
        let fixture = try FixtureProcess()
        let session = try fixture.session("/socket.io/")
        #expect(try fixture.text("POST", session, "40") == "200 ok")
        // The first event follows a little later: with this answer or with the next.
        var answer = try fixture.text("GET", session)
        if !answer.contains("auth") { answer += "\u{1E}" + (try fixture.text("GET", session)).dropFirst("200 ".count) }
        #expect(answer.wholeMatch(of: /200 40\{"sid":"[\w-]+"\}\x1E42\["auth",\{\}\]/) != nil, "\(answer)")
        let event = #"451-["message",{"_placeholder":true,"num":0}]"# + "\u{1E}bAQID"
        #expect(try fixture.text("POST", session, event) == "200 ok")
        #expect(
          try fixture.text("GET", session) == #"200 451-["message-back",{"_placeholder":true,"num":0}]"# + "\u{1E}bAQID"
        )
        #expect(try fixture.text("POST", session, "42{}") == "200 ok")
        #expect(try fixture.text("GET", session) == "200 1", "the server's good-bye")
        #expect(try fixture.text("GET", session).hasPrefix("400 "))
      }
    }
  }
}
