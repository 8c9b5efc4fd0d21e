import Foundation
import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// `martlet import` beside a running cluster.
  struct ImportTests {
    /// A community of another system with names of its own: what its file says, and what is to be found afterwards.
    private struct Community {
      static let messages = 3_000
      static let password = "grüße 1"
      let mark = String(UInt32.random(in: 0 ... .max), radix: 36)
      /// Of bcrypt, of Werkzeug, in clear.
      let secrets = [
        #""password_hash":"$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK""#,
        #""password_hash":"scrypt:32768:8:1$SNKZDrH8Ev7ZA0lH$16703eaadf23baa85f83adea86d049cf26327dc893b8327"#
          + #"fbfe7e7824a78c215bbd2b8b6bee7b0e6b321b142a3f45e07675bf1da5cd255fcdad280f98d0cbc98""#,
        #""password":"grüße 1""#,
      ]

      func name(_ user: Int) -> String { "import-\(user)-\(mark)" }

      func time(_ message: Int) -> String {
        let (minute, second) = (message / 60 % 60, message % 60)
        return String(format: "2023-05-04T10:%02d:%02d.%03dZ", minute, second, message % 1_000)
      }

      /// Users, a friendship, a block, a group, then messages, by turns into the direct conversation and the group.
      func lines(of messages: Range<Int>) -> String {
        var lines: [String] = []
        for (user, secret) in secrets.enumerated() where messages.lowerBound == 0 {
          lines.append(
            #"{"type":"user","key":"\#(user)","username":"\#(name(user))",\#(secret),"created_at":"\#(time(0))"}"#)
        }
        if messages.lowerBound == 0 {
          lines.append(#"{"type":"contact","of":"0","to":"1","state":"accepted"}"#)
          lines.append(#"{"type":"contact","of":"0","to":"2","blocked":true}"#)
          lines.append(
            #"{"type":"group","key":"g","title":"Old room","owner":"0","members":[{"user":"1","role":"admin"},"#
              + #"{"user":"2"}],"created_at":"\#(time(0))"}"#)
        }
        for number in messages {
          let place = number.isMultiple(of: 2) ? #""to":"\#(number % 4 == 0 ? 1 : 0)""# : #""group":"g""#
          let from = number.isMultiple(of: 2) ? (number % 4 == 0 ? 0 : 1) : number % 3
          lines.append(
            #"{"type":"message","key":"m\#(number)","from":"\#(from)",\#(place),"text":"text \#(number)","#
              + #""created_at":"\#(time(number))"}"#)
        }
        return lines.joined(separator: "\n") + "\n"
      }
    }

    @Test func `killed in the middle and run again, it has everything once, in order, with its times`() async throws {
      let cluster = try await SharedCluster.healthy()
      let old = Community()
      let whole = "\(cluster.directory)/\(old.mark).jsonl"
      try old.lines(of: 0..<Community.messages).write(toFile: whole, atomically: false, encoding: .utf8)
      let source = ["import", "--source", old.mark]
      try await killInTheMiddle(cluster, old, source)

      let again = try cluster.command(source + [whole])
      #expect(try await again.exitCode() == 0, "\(again.output)")
      #expect(again.output.contains("0 refused") && !again.output.contains(" 0 there before"), "\(again.output)")
      let third = try cluster.command(source + [whole])
      #expect(try await third.exitCode() == 0, "\(third.output)")
      #expect(
        third.output.contains("0 users, 2 contacts, 0 groups, 0 messages new; \(Community.messages + 4) there before"),
        "\(third.output)")
      #expect(!third.output.contains("grüße") && !third.output.contains("text 1"))
      try await check(cluster, old)
    }

    /// Feeds the beginning through a pipe that stays open, so that it cannot end by itself, and kills it as soon as
    /// some of it is stored.
    private func killInTheMiddle(_ cluster: LocalCluster, _ old: Community, _ source: [String]) async throws {
      let pipe = "\(cluster.directory)/\(old.mark).pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      let end = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      defer { close(end) }
      let first = try cluster.command(source + [pipe])
      var rest = Array(old.lines(of: 0..<2_000).utf8)[...]
      var stored = 0
      for _ in 0..<1_000 where stored == 0 {
        let sent = rest.withUnsafeBytes { write(end, $0.baseAddress, min($0.count, 65_536)) }
        rest = rest.dropFirst(max(0, sent))
        stored = try await count(old, cluster)
      }
      #expect(first.kill9(), "\(first.output)")
      let left = try await count(old, cluster)
      #expect(left > 0 && left < Community.messages)
    }

    private func count(_ old: Community, _ cluster: LocalCluster) async throws -> Int {
      let text = try await cluster.postgres.sql(
        "SELECT count(*) FROM entry WHERE client_message_id LIKE '\(old.mark):%'", in: cluster.databaseURL)
      return try #require(Int(text.filter(\.isNumber)))
    }

    private func check(_ cluster: LocalCluster, _ old: Community) async throws {
      #expect(try await count(old, cluster) == Community.messages)
      try await ClusterStage.play(on: cluster) { stage in
        var tokens: [String] = []
        for user in 0..<3 {
          let secret: JSONValue = [
            "username": .string(old.name(user)), "password": .string(Community.password),
          ]
          let signedIn = try await stage.api[user % 2].done(.post, "/v1/sessions", secret)
          tokens.append(try #require(signedIn["access_token"]?.string))
          #expect(signedIn["user"]?["created_at"]?.string == old.time(0))
        }
        let listed = try await stage.api[0].done(.get, "/v1/conversations", token: tokens[0])["conversations"]?.array
        for (kind, parity) in [("direct", 0), ("group", 1)] {
          let found = listed?.filter { $0["kind"]?.string == kind } ?? []
          #expect(found.count == 1)
          let id = try #require(found.first?["id"]?.integer)
          let history = try await history(of: id, stage, tokens[0])
          let wanted = (0..<Community.messages).filter { $0 % 2 == parity }
          #expect(history.map(\.text) == wanted.map { "text \($0)" })
          #expect(history.map(\.time) == wanted.map(old.time))
          #expect(history.map(\.seq) == wanted.indices.map { Int64($0) + 2 }, "dense")
        }
        let contacts = try await stage.api[0].done(.get, "/v1/contacts", token: tokens[1])["contacts"]?.array
        #expect(contacts?.map { $0["state"]?.string } == ["accepted"])
        let ada = try await stage.api[0].done(.get, "/v1/users/me", token: tokens[0])["id"] ?? .null
        let open: JSONValue = ["kind": "direct", "user": ada]
        let refused = try await stage.api[1].call(.post, "/v1/conversations", open, token: tokens[2])
        #expect(refused.status == 403 && refused.code == "blocked")
      }
    }

    private func history(
      of conversation: Int64, _ stage: ClusterStage, _ token: String
    ) async throws -> [(text: String, time: String, seq: Int64)] {
      var all: [(text: String, time: String, seq: Int64)] = []
      while true {
        let path = "/v1/conversations/\(conversation)/messages?after=\(all.last?.seq ?? 0)&limit=100"
        let page = try await stage.api[0].done(.get, path, token: token)["messages"]?.array ?? []
        for message in page {
          all.append(
            (message["text"]?.string ?? "", message["created_at"]?.string ?? "", message["seq"]?.integer ?? 0))
        }
        if page.count < 100 { return all }
      }
    }

    @Test(arguments: [
      ("umoc", "3 users, 4 contacts, 1 groups, 2 messages new", 1),
      ("messenger", "2 users, 2 contacts, 0 groups, 2 mess", 0),
      ("realtime", "2 users, 0 contacts, 0 groups, 2 messages new", 0),
      ("pymessage", "3 users, 2 contacts, 0 groups, 0 m", 0),
    ])
    func `what the script of an older application writes goes in, but for a row without a time`(
      name: String, told: String, refused: Int
    ) async throws {
      let cluster = try await SharedCluster.healthy()
      let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../").standardizedFileURL.path
      let (script, samples) = (root + "/deploy/import/\(name).py", root + "/Tests/ClusterTests/Exports")
      let path = "\(cluster.directory)/\(name)"
      let make = "import sqlite3, sys; sqlite3.connect(sys.argv[2]).executescript(open(sys.argv[1]).read()).close()"
      // What a terminal of another encoding would make of texts.
      let python = "PYTHONIOENCODING=latin-1 python3"
      if name == "pymessage" {
        try await shell("\(python) \(script) <\(samples)/\(name).jsonl >\(path).jsonl")
      } else {
        try await shell(
          "python3 -c '\(make)' \(samples)/\(name).sql \(path).db && \(python) \(script) \(path).db >\(path).jsonl")
      }
      let run = try cluster.command(["import", "--source", name, "\(path).jsonl"])
      #expect(try await run.exitCode() == (refused == 0 ? 0 : 3), "\(run.output)")
      #expect(run.output.contains(told) && run.output.contains("\(refused) refused"), "\(run.output)")
    }

    private func shell(_ line: String) async throws {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", line]
      let end = AsyncStream<Int32> { ended in
        process.terminationHandler = {
          ended.yield($0.terminationStatus)
          ended.finish()
        }
      }
      try process.run()
      for await status in end { #expect(status == 0, "\(line)") }
    }

    @Test func `what is refused is told without what it says, and the code says so`() async throws {
      let cluster = try await SharedCluster.healthy()
      let old = Community()
      let path = "\(cluster.directory)/\(old.mark).jsonl"
      let bad = """
        {"type":"user","key":"9","username":"\(old.name(9))","password_hash":"secret-one"}
        {"type":"message","key":"x","from":"9","to":"1","text":"secret-two","created_at":"2023-05-04T10:00:00Z"}
        {"type":"user","key":"8\\u001b[2J":1}

        """
      try (old.lines(of: 0..<10) + bad).write(toFile: path, atomically: false, encoding: .utf8)
      let looked = try cluster.command(["import", "--source", old.mark, "--dry-run", path])
      #expect(try await looked.exitCode() == 3)
      #expect(try await count(old, cluster) == 0, "a rehearsal stores nothing")
      let run = try cluster.command(["import", "--source", old.mark, path])
      #expect(try await run.exitCode() == 3)
      for output in [looked.output, run.output] {
        #expect(output.contains("line 17: /password_hash: ") && output.contains("line 18: /from: "), "\(output)")
        #expect(output.contains("3 refused") && !output.contains("secret-") && !output.contains("\u{1b}"))
      }
      #expect(try await count(old, cluster) == 10)
      let none = try cluster.command(["import", path + "-none"])
      #expect(try await none.exitCode() == 1)
      #expect(none.output.contains("cannot be read"))
    }
  }
}
