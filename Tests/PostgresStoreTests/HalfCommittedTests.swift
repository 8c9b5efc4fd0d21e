import ChatCore
import TestKit
import Testing

@testable import PostgresStore

/// What one node of a Citus has committed and another has not yet: on a stand-in, where a row hides from the first who
/// look for it.
@Suite("A transaction that some nodes have committed", .serialized)
struct HalfCommittedTests {
  private struct Look {
    let heads: [ConversationID: Int64]
    let room: ConversationID
    let own: ConversationID
    /// How many statements were sent for the heads.
    let sent: Int
  }

  @Test("a conversation that is listed and not there yet is asked for again: its member would not hear of it otherwise")
  func notYetThere() async throws {
    let look = try await look(hidden: 2)
    #expect(look.heads[look.room] == 1)
    #expect(look.sent == 3)
  }

  @Test("one that never comes is left out, and all others are told")
  func neverThere() async throws {
    let look = try await look(hidden: 1_000)
    #expect(look.heads[look.room] == nil && look.heads[look.own] != nil)
    #expect(look.sent == 1 + PostgresConversations.commitPauses.count)
  }

  @Test("on a plain server, where what is listed is there, nothing is asked for again")
  func plain() async throws {
    let look = try await look(hidden: 1_000, onCitus: false)
    #expect(look.heads[look.room] == nil && look.heads[look.own] != nil)
    #expect(look.sent == 1)
  }

  @Test("a deleted one is left out at once")
  func deleted() async throws {
    let look = try await look(hidden: 0, isDeleted: true)
    #expect(look.heads[look.room] == nil && look.heads[look.own] != nil)
    #expect(look.sent == 1)
  }

  /// Ada's heads, when her only group hides from so many looks.
  private func look(hidden looks: Int, isDeleted: Bool = false, onCitus: Bool = true) async throws -> Look {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    if onCitus { try await CitusStandIn.install(in: url, on: server) }
    let before = try Database(url)
    try await before.migrate()
    let cast = try await Cast.gather(in: before.underTest)
    let room = try await cast.group().id
    await before.close()
    try await server.sql(
      """
      UPDATE conversation SET deleted_at = CASE WHEN \(isDeleted) THEN now() END WHERE id = \(room.rawValue);
      CREATE SEQUENCE looks;
      ALTER TABLE conversation RENAME TO conversation_rows;
      CREATE VIEW conversation AS
        SELECT * FROM conversation_rows c WHERE c.id <> \(room.rawValue) OR nextval('looks') > \(looks);
      """, in: url)
    // Connections that have never asked for anything: a statement that is prepared goes on with the table it knew.
    let database = try Database(url)
    let heads = try await database.stores.conversations.heads(of: cast.ada.id).known
    let sent = await database.scatterCounters.sent
    await database.close()
    return Look(heads: heads, room: room, own: cast.ada.ownConversation, sent: sent)
  }
}
