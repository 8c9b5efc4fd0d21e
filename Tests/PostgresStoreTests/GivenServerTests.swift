import Testing

@testable import TestKit

/// What the tests do with the server that `MARTLET_TEST_DATABASE_URL` names, on private ones.
@Suite("A given database server")
struct GivenServerTests {
  @Test("that takes too few connections for the tests is refused by a sentence, before any test fails for it")
  func tooFewConnections() async throws {
    let server = try await PrivatePostgres.start(settings: ["max_connections=60"])
    defer { server.end() }
    let url = try await server.database()
    let failure = #expect(throws: PrivatePostgres.Failure.self) { try GivenServer(url) }
    #expect(failure?.what.contains("has max_connections = 60; the tests need 100") == true)
  }

  @Test(
    "is asked without libpq 16's word, wherever its URL has it, and what it warns of is no part of an answer",
    arguments: ["load_balance_hosts=random&connect_timeout=9", "connect_timeout=9&load_balance_hosts=random"])
  func words(_ words: String) async throws {
    let server = try await PrivatePostgres.start()
    defer { server.end() }
    let url = try await server.database()
    let given = PrivatePostgres(given: try GivenServer("\(url)?\(words)"))
    let warned = "DO $$ BEGIN RAISE WARNING 'no room for 1 worker'; END $$; SELECT 7"
    #expect(try await given.sql(warned, in: url) == "7\n")
  }

  @Test("named by a worker alone is asked there by tests, and migrated at its coordinator")
  func worker() async throws {
    let servers = [try await PrivatePostgres.start(), try await PrivatePostgres.start()]
    defer { for server in servers { server.end() } }
    let url = try await servers[1].database()
    try await CitusStandIn.install(in: url, on: servers[1])
    let ports = servers.map(\.port)
    try await servers[1].sql(
      """
      DELETE FROM citus.pg_dist_node WHERE groupid = 2;
      UPDATE citus.pg_dist_node
        SET nodename = '127.0.0.1', nodeport = CASE groupid WHEN 0 THEN \(ports[0]) ELSE \(ports[1]) END
      """, in: url)
    let given = PrivatePostgres(given: try GivenServer(url))
    #expect(given.migratingURL(of: url) == url.replacing(":\(ports[1])/", with: ":\(ports[0])/"))
    let nowhere = "DELETE FROM citus.pg_dist_node WHERE groupid = 0"
    try await servers[1].sql(nowhere, in: url)
    try await servers[1].sql("UPDATE citus.pg_dist_local_group SET groupid = 1", in: url)
    #expect(throws: PrivatePostgres.Failure.self, "a worker that knows none") { try GivenServer(url) }
    try await servers[1].sql("UPDATE citus.pg_dist_local_group SET groupid = 0", in: url)
    #expect(try GivenServer(url).nodes.map(\.isCoordinator) == [true, false], "one that the others do not know")
    #expect(servers[1].migratingURL(of: url) == url, "a server of one's own has but one place")
  }
}
