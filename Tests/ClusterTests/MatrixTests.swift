import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// Ada and Bob at all doors at once, on two api and two socket nodes that take turns.
  struct MatrixTests {
    @Test func `what is said at any door is heard at every other, and every history has all of it in order`()
      async throws
    {
      let said = MatrixDoor.all.map { "by \($0.name)" }
      var lines = Self.beginning
      for (door, text) in zip(MatrixDoor.all, said) {
        lines += door.lines(door.say, "ada", text: text)
        for other in MatrixDoor.all { lines += other.lines(other.hear, "bob", text: text) }
      }
      lines += Self.histories(said)
      try await Self.play(lines)
    }

    @Test(arguments: MatrixDoor.all.filter { $0.block != nil }.map(\.name))
    func `a block made at one door holds at all, for both`(name: String) async throws {
      let door = try #require(MatrixDoor.all.first { $0.name == name })
      var lines = Self.beginning + MatrixDoor.native.lines(MatrixDoor.native.say, "ada", text: "before")
      for other in MatrixDoor.all { lines += other.lines(other.hear, "bob", text: "before") }
      lines += door.lines(door.block ?? "", "bob")
      let said = door.leavesLastWord ? ["before", "last"] : ["before"]
      if door.leavesLastWord {
        lines += MatrixDoor.native.lines(MatrixDoor.native.say, "ada", text: "last")
        for other in MatrixDoor.all { lines += other.lines(other.hear, "bob", text: "last") }
      }
      for other in MatrixDoor.all {
        lines += other.lines(other.refused, "ada", text: "after") + other.lines(other.refused, "bob", text: "after")
      }
      lines += Self.histories(said)
      try await Self.play(lines)
    }

    // MARK: What all have in common

    /// The two sign up at our own door, and come to all doors.
    private static var beginning: [String] {
      let people = ["ada", "bob"].flatMap { who in
        [
          #"\#(who) > POST /v1/users {"username":"${\#(who)}","password":"${\#(who).password}"}"#,
          #"\#(who) < 201 {"id":"$\#(who).id","...":0}"#,
          #"\#(who) > POST /v1/sessions {"username":"${\#(who)}","password":"${\#(who).password}"}"#,
          #"\#(who) < 201 {"access_token":"$\#(who).token","...":0}"#,
        ]
      }
      let opened = [
        #"ada > POST /v1/conversations as ${ada.token} {"kind":"direct","user":"$bob.id"}"#,
        #"ada < 201 {"id":"$between","...":0}"#,
      ]
      return people + opened
        + MatrixDoor.all.flatMap { $0.lines($0.arrive, "ada") + $0.lines($0.arrive, "bob") }
    }

    private static func histories(_ said: [String]) -> [String] {
      MatrixDoor.all.filter { !$0.read.isEmpty }.flatMap { door in
        ["ada", "bob"].flatMap { who in
          let texts = door.isNewestFirst ? said.reversed() : said
          let all = texts.map { door.element.replacing("TEXT", with: $0) }.joined(separator: ",")
          return door.lines(door.read + "\nME < 200 " + door.list.replacing("ALL", with: all), who)
        }
      }
    }

    private static func play(_ lines: [String]) async throws {
      let transcript = try Transcript(lines.joined(separator: "\n"))
      let cluster = try await SharedCluster.healthy()
      let (api, socket) = (cluster.api.map(\.address), cluster.socket.map(\.address))
      let doors = Dictionary(uniqueKeysWithValues: MatrixDoor.all.map { ($0.prefix, $0.carrier) })
      do {
        try await onLoop { loop in
          let stage = NetworkStage(
            loop: loop, requests: api, sockets: socket, prefix: "", carrier: .socketIO, doors: doors)
          try await TranscriptPlayer.play(transcript, on: stage, ignoring: MatrixDoor.noise)
        }
      } catch let failure as TranscriptFailure {
        // The story is no file: the failure shows the step that it names.
        let number = Int(failure.description.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
        Issue.record("\(failure): \(lines.indices.contains(number - 1) ? lines[number - 1] : "")")
      }
    }
  }
}

extension MatrixDoor {
  /// Words of this door as steps of one of the two.
  func lines(_ words: String, _ who: String, text: String = "") -> [String] {
    let them = who == "ada" ? "bob" : "ada"
    let story = words.replacing("TEXT", with: text).replacing("THEM", with: them)
      .replacing("ME@", with: "\(who)@\(name)").replacing("ME", with: who)
    return story.split(separator: "\n").map(String.init)
  }
}
