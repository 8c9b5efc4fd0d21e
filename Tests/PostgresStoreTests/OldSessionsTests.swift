import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// A bug once: what was over of a user's sessions stayed for ever, and each sign-in read all of it.
@Suite("Old sessions")
struct OldSessionsTests {
  private static let nonce = [UInt8](0..<32)

  @Test("a sign-in takes away what has ended or expired of the user's sessions, and nothing of others'")
  func over() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let ended = try await Self.signIn(cast.ada.id, database)
      let expired = try await Self.signIn(cast.ada.id, database)
      let living = try await Self.signIn(cast.ada.id, database)
      let others = try await Self.signIn(cast.bob.id, database)
      #expect(try await database.stores.sessions.end(ended, of: cast.ada.id))
      #expect(try await database.stores.sessions.end(others, of: cast.bob.id))
      try await PrivatePostgres.shared().sql(
        "UPDATE user_session SET last_seen_at = now() - interval '9 years' "
          + "WHERE bucket = \(expired.bucket.number) AND id = \(expired.rawValue)", in: database.url)
      #expect(try await Self.kept(cast.ada.id, database) == 3)

      let new = try await Self.signIn(cast.ada.id, database)
      #expect(try await Self.kept(cast.ada.id, database) == 2)
      #expect(try await database.stores.sessions.sessions(of: cast.ada.id).map(\.id) == [new, living])
      #expect(try await Set(database.stores.sessions.ended(among: [ended, expired, living])) == [ended, expired])
      #expect(try await Self.kept(cast.bob.id, database) == 1)
    }
  }

  @Test("a hundred go at once, so that one who has years of them does not wait for it")
  func many() async throws {
    try await Database.with { database in
      let ada = try await Cast.gather(in: database.underTest).ada.id
      try await Self.insertEnded(150, of: ada, database)
      _ = try await Self.signIn(ada, database)
      #expect(try await Self.kept(ada, database) == 51)
      _ = try await Self.signIn(ada, database)
      #expect(try await Self.kept(ada, database) == 2)
    }
  }

  @Test("one that somebody holds is left to the next sign-in, and not waited for")
  func held() async throws {
    try await Database.with { database in
      let ada = try await Cast.gather(in: database.underTest).ada.id
      let ended = try await Self.signIn(ada, database)
      #expect(try await database.stores.sessions.end(ended, of: ada))
      let other = try Database(database.url)
      let lock = Statement("lock", "SELECT id FROM user_session WHERE bucket = $1 AND id = $2 FOR UPDATE")
      try await other.pool.transaction { (holder) throws(PostgresError) in
        _ = try await holder.query(lock, [.int2(ended.bucket.number), .int8(ended.rawValue)])
        #expect((try? await Self.signIn(ada, database)) != nil)
        #expect((try? await Self.kept(ada, database)) == 2)
      }
      await other.close()
      _ = try await Self.signIn(ada, database)
      #expect(try await Self.kept(ada, database) == 2)
    }
  }

  @Test("a new password leaves the session that it was given by, and tells of those that lived; no account leaves any")
  func changed() async throws {
    try await Database.with { database in
      let ada = try await Cast.gather(in: database.underTest).ada.id
      let (ended, living) = (try await Self.signIn(ada, database), try await Self.signIn(ada, database))
      let own = try await Self.signIn(ada, database)
      #expect(try await database.stores.sessions.end(ended, of: ada))
      #expect(try await database.stores.users.changePassword("hash", of: ada, keeping: own) == [living])
      #expect(try await Self.kept(ada, database) == 1)
      #expect(try await database.stores.users.delete(ada))
      #expect(try await Self.kept(ada, database) == 0)
    }
  }

  /// A bug once: a new password deleted all that had ended in one statement, which was over its time for who had many.
  @Test("of those that had ended before, a new password and an account's end each take a thousand")
  func changedWithMany() async throws {
    try await Database.with { database in
      let ada = try await Cast.gather(in: database.underTest).ada.id
      try await Self.insertEnded(2_150, of: ada, database)
      let (living, own) = (try await Self.signIn(ada, database), try await Self.signIn(ada, database))
      #expect(try await Self.kept(ada, database) == 1_952)
      #expect(try await database.stores.users.changePassword("hash", of: ada, keeping: own) == [living])
      #expect(try await Self.kept(ada, database) == 951)
      try await Self.insertEnded(1_000, of: ada, database, from: 910_000_001)
      #expect(try await database.stores.users.delete(ada))
      #expect(try await Self.kept(ada, database) == 950)
    }
  }

  /// Rows of sessions that are over, as years of sign-ins left them.
  private static func insertEnded(
    _ count: Int, of user: UserID, _ database: Database, from first: Int = 900_000_001
  ) async throws {
    try await PrivatePostgres.shared().sql(
      """
      INSERT INTO user_session
        (bucket, id, user_id, nonce, generation, created_at, rotated_at, last_seen_at, ended_at)
      SELECT \(user.bucket.number), number * 4096 + \(user.bucket.number), \(user.rawValue), '', 1, now(), now(), now(),
        now()
      FROM generate_series(\(first)::bigint, \(first + count - 1)) AS number
      """, in: database.url)
  }

  private static func signIn(_ user: UserID, _ database: Database) async throws -> SessionID {
    try await database.stores.sessions.open(user: user, device: nil, nonce: nonce, most: 100).id
  }

  /// How many of his sessions have a row.
  private static func kept(_ user: UserID, _ database: Database) async throws -> Int? {
    let told = try await PrivatePostgres.shared().sql(
      "SELECT count(*) FROM user_session WHERE bucket = \(user.bucket.number) AND user_id = \(user.rawValue)",
      in: database.url)
    return Int(told.filter(\.isNumber))
  }
}
