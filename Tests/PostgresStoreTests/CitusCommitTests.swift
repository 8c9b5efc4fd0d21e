import Postgres
import PostgresStore
import TestKit
import Testing

@Suite("What each node of a Citus commits")
struct CitusCommitTests {
  @Test("a node that acknowledges what is not on its disk, or does not say, is named")
  func careless() async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    try await CitusStandIn.install(in: url, on: server)
    try await server.sql(
      """
      ALTER TABLE citus.pg_dist_node ADD COLUMN nodeid serial;
      CREATE TABLE citus.answers (nodeid integer, success boolean, result text);
      INSERT INTO citus.answers VALUES (1, true, 'on'), (2, true, 'off'), (3, false, 'connection refused');
      CREATE FUNCTION citus.run_command_on_all_nodes(command text)
      RETURNS SETOF citus.answers LANGUAGE sql AS 'SELECT * FROM citus.answers';
      """, in: url)
    let database = try Database(url)
    #expect(try await CitusStanding.careless(on: database.pool) == ["one:5432 (off)", "two:5432 (no answer)"])
    try await server.sql("UPDATE citus.answers SET success = true, result = 'remote_apply'", in: url)
    #expect(try await CitusStanding.careless(on: database.pool) == [])
    await database.close()
  }
}
