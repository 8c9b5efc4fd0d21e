import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// A database of more than one server, below real nodes: reliability.md A2, stages 0 and 1.
  struct StandbyTests {
    @Test func `F16: the primary dies, its synchronous standby is promoted, and nothing acknowledged is lost`()
      async throws
    {
      let primary = try await PrivatePostgres.start()
      let url = try await primary.database()
      let standby = try await primary.startStandby(name: "b")
      defer { standby.end() }
      try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'", in: "postgres")
      try await primary.sql("SELECT pg_reload_conf()", in: "postgres")
      let name = url.split(separator: "/").last ?? ""
      let both = "postgresql://martlet@127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)/\(name)"
      let cluster = try await LocalCluster.start(
        api: 1, socket: 1, postgres: primary, settings: ["MARTLET_DATABASE_URL": both, "MARTLET_LOOPS": "1"])
      defer { cluster.end() }
      try await ClusterStage.play(on: cluster) { stage in
        var people: [Account] = []
        for name in ["ada", "bob", "cyd"] { people.append(try await stage.account(name)) }
        for number in 0..<4 { _ = try await stage.open(title: "room \(number)", members: people) }
        for account in people { try await stage.client(account).goOnline() }
        async let sends: Void = Load(count: 1_500, perSecond: 100, door: .both, patience: 20_000).run(on: stage)
        await stage.loop.sleep(2_000)
        #expect(
          try await primary.sql("SELECT sync_state FROM pg_stat_replication", in: "postgres").hasPrefix("sync"))
        try await cluster.crashPostgres()
        let died = Stopwatch.now
        try await standby.promote()
        let promoted = Stopwatch.now
        let back = await Stopwatch.wait(15_000) {
          stage.recorder.history.sends.contains { send in
            if case .acknowledged = send.outcome { (send.endedAt ?? 0) > promoted } else { false }
          }
        }
        #expect(back, "no send was acknowledged within 15 s")
        print(
          "F16: promoted after \((promoted - died) / 1_000) ms, sends go on \((Stopwatch.now - died) / 1_000) ms after")
        await sends
        #expect(try await stage.converge(within: 8_000), "members do not converge")
        let check = try await stage.check()
        #expect(check.broken() == [])
        let all = stage.recorder.history.sends
        let acked = all.count { if case .acknowledged = $0.outcome { true } else { false } }
        print("  \(acked) of \(all.count) acknowledged, \(all.count { $0.attempts > 1 }) repeated")
        #expect(acked > all.count / 2)
      }
    }

    @Test func `F40: a replica 30 s behind, and then one that keeps up, never show less than the reader has seen`()
      async throws
    {
      let primary = try await PrivatePostgres.start()
      let url = try await primary.database()
      // Only makes the schema, which the standbys then have from the start.
      try await LocalCluster.start(api: 0, socket: 0, postgres: primary, settings: ["MARTLET_DATABASE_URL": url]).end()
      let late = try await primary.startStandby(settings: ["recovery_min_apply_delay=30s"])
      defer { late.end() }
      let prompt = try await primary.startStandby()
      defer { prompt.end() }
      for (standby, isLate) in [(late, true), (prompt, false)] {
        let cluster = try await LocalCluster.start(
          api: 1, socket: 0, postgres: primary,
          settings: [
            "MARTLET_DATABASE_URL": url, "MARTLET_DATABASE_REPLICA_URL": standby.url(like: url), "MARTLET_LOOPS": "1",
          ])
        defer { cluster.end() }
        try await ClusterStage.play(on: cluster) { stage in
          let people = [try await stage.account("ada"), try await stage.account("bob")]
          let room = try await stage.open(title: "room", members: people)
          var head: Int64 = 1
          var pages: [String: Int] = [:]
          let begun = Stopwatch.now
          // A replica that waits for a core may be behind each time that it is asked, and is asked less often then.
          repeat {
            head = try await Self.talk(stage.api[0], in: room, people, from: head)
            pages = try await Self.pages(stage)
          } while !isLate && pages["served"] ?? 0 == 0 && Stopwatch.now - begun < 60_000_000
          print("F40, \(isLate ? "30 s behind" : "keeping up"):", pages.sorted { $0.key < $1.key })
          #expect((pages["served"] ?? 0 > 0) == !isLate)
          #expect(!isLate || pages["behind"] ?? 0 > 0)
        }
      }
      primary.end()
    }

    @Test func `the doctor tells a standby from what is none, and from one of another database`() async throws {
      let primary = try await PrivatePostgres.start()
      let stranger = try await PrivatePostgres.start()
      defer { stranger.end() }
      let standby = try await primary.startStandby()
      defer { standby.end() }
      let foreign = try await stranger.startStandby()
      defer { foreign.end() }
      let url = try await primary.database()
      let name = url.split(separator: "/").last ?? ""
      _ = try await stranger.sql("CREATE DATABASE \(name)", in: "postgres")
      try await foreign.catchUp(with: stranger)
      try await standby.catchUp(with: primary)
      let hosts = [standby, primary, foreign].map { "127.0.0.1:\($0.port)" }
      let cluster = try await LocalCluster.start(
        api: 0, socket: 0, postgres: primary,
        settings: [
          "MARTLET_DATABASE_URL": url,
          "MARTLET_DATABASE_REPLICA_URL": "postgresql://martlet@\(hosts.joined(separator: ","))/\(name)",
        ])
      defer { cluster.end() }
      let doctor = try cluster.command(["doctor"])
      #expect(try await doctor.exitCode() == 1)
      let said = doctor.output.split(separator: "\n").filter { $0.dropFirst(5).hasPrefix("replica ") }
      #expect(said.count == 3, "\(doctor.output)")
      #expect(said.first?.hasPrefix("ok") == true && said.first?.contains("a standby of the database") == true)
      #expect(said.dropFirst().first?.contains("is no standby") == true)
      #expect(said.last?.contains("of another database") == true, "\(doctor.output)")
      primary.end()
    }

    @Test func `the doctor names a replica that still follows the primary of before`() async throws {
      let old = try await PrivatePostgres.start()
      _ = try await old.sql("CREATE DATABASE chat", in: "postgres")
      let new = try await old.startStandby(name: "new")
      let left = try await old.startStandby(name: "left")
      defer { for server in [old, new, left] { server.end() } }
      try await new.promote()
      let cluster = try await LocalCluster.start(
        api: 0, socket: 0, postgres: new,
        settings: [
          "MARTLET_DATABASE_URL": new.url(like: "/chat"), "MARTLET_DATABASE_REPLICA_URL": left.url(like: "/chat"),
        ])
      defer { cluster.end() }
      let doctor = try cluster.command(["doctor"])
      #expect(try await doctor.exitCode() == 1)
      #expect(doctor.output.contains("follows an older timeline (1) than the primary (2)"), "\(doctor.output)")
    }

    /// Both write and look, in turn, behind what they have; what they see is all that was acknowledged so far.
    private static func talk(
      _ node: RESTClient, in room: Int64, _ people: [Account], from before: Int64
    ) async throws -> Int64 {
      let path = "/v1/conversations/\(room)"
      var head = before
      for number in 0..<40 {
        let (writer, reader) = (people[number % 2], people[(number + 1) % 2])
        let sent = try await node.done(.post, path + "/messages", ["text": .string("\(number)")], token: writer.token)
        head += 1
        #expect(sent["seq"]?.integer == head)
        if number % 5 == 0, let id = sent["id"]?.integer {
          _ = try await node.done(.patch, "/v1/messages/\(id)", ["text": .string("now \(number)")], token: writer.token)
          head += 1
        }
        for _ in 0..<3 {
          let page = try await node.done(.get, path + "/messages?limit=2", token: reader.token)
          #expect(page["head"]?.integer == head)
          #expect(page["messages"]?.array?.last?["text"]?.string == (number % 5 == 0 ? "now \(number)" : "\(number)"))
          let entries = try await node.done(.get, path + "/entries?after=\(head - 1)", token: reader.token)
          #expect(entries["entries"]?.array?.map { $0["seq"]?.integer } == [head])
        }
      }
      return head
    }

    /// What the node says of pages asked of replicas.
    private static func pages(_ stage: ClusterStage) async throws -> [String: Int] {
      var pages: [String: Int] = [:]
      for line in try await stage.api[0].text("/metrics").split(separator: "\n") {
        guard let match = line.firstMatch(of: /^martlet_replica_pages_total\{outcome="(\w+)"\} (\d+)$/) else {
          continue
        }
        pages[String(match.1)] = Int(match.2)
      }
      return pages
    }
  }
}
