import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// The schema changes below nodes that serve.
  struct MigratingTests {
    /// What takes the newest steps' tables and columns away again, the newest first. A load of messages alone uses none
    /// of them; a new step is to be put here.
    private static let undone: [(version: Int, statements: [String])] = [
      (18, ["ALTER TABLE account_cleanup DROP COLUMN looks"]),
      (17, ["DROP TABLE account_cleanup", "ALTER TABLE member DROP COLUMN joined_seq"]),
    ]

    @Test func `F41: the newest steps of the schema wait behind a long reader and refuse no send, nor hold one up`()
      async throws
    {
      let cluster = try await LocalCluster.start(api: 1, socket: 2, settings: ["MARTLET_LOOPS": "1"])
      defer { cluster.end() }
      let (server, database) = (cluster.postgres, cluster.databaseURL)
      let newest = "SELECT max(version) FROM schema_version"
      let version = try #require(Int(try await server.sql(newest, in: database).filter(\.isNumber)))
      try #require(Self.undone.first?.version == version, "how is step \(version) undone?")
      try await ClusterStage.play(on: cluster) { stage in
        try await FaultTests.crowd(stage)
        for step in Self.undone {
          for statement in step.statements + ["DELETE FROM schema_version WHERE version = \(step.version)"] {
            try await server.sql(statement, in: database)
          }
        }
        let check = try await FaultTests.judge(stage, Load(count: 1_000, perSecond: 120, door: .both)) {
          await stage.loop.sleep(1_000)
          // A backup, say: whoever wants the tables for himself waits for it, and all others behind him.
          async let reader = server.sql(
            "BEGIN; LOCK TABLE member, entry, conversation IN ACCESS SHARE MODE; SELECT pg_sleep(4); COMMIT",
            in: database)
          await stage.loop.sleep(500)
          let migrate = try cluster.command(["migrate"])
          #expect(try await migrate.exitCode() == 0, "\(migrate.output)")
          _ = try await reader
        }
        #expect(try await server.sql(newest, in: database).contains("\(version)"))
        #expect(stage.recorder.history.sends.allSatisfy { $0.attempts == 1 && $0.outcome != .unknown })
        #expect(check.slow(2_000) == [])
        #expect(check.late(2_000) == [])
      }
    }
  }
}
