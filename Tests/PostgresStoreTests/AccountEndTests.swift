import ChatCore
import IORuntime
import MemoryAdapters
import Postgres
import Testing

@testable import PostgresStore
@testable import TestKit

@Suite("The end of an account")
struct AccountEndTests {
  /// What becomes of the rows that name one who has gone, by table and column; a whole number of eight bytes that names
  /// no user is none. A new one has to be put here, and on the module's page.
  private static let columns: [String: Fate] = [
    "account_cleanup.user_id": .goes, "bucket_seq.head": .none,
    "chat_user.id": .stays, "chat_user.own_conversation": .none,
    "contact.user_id": .goes, "contact.other": .staysInPart, "contact_pair.low": .stays,
    "contact_pair.high": .stays, "contact_pair.streak": .none, "contact_pair.streak_day": .none,
    "conversation.id": .none, "conversation.direct_low": .stays, "conversation.direct_high": .stays,
    "conversation.head": .none, "conversation.member_count": .none,
    "conversation_file.conversation": .none, "conversation_file.message": .none, "conversation_file.file": .none,
    "conversation_file.owner": .stays, "conversation_file.size": .none,
    "entry.conversation": .none, "entry.seq": .none, "entry.id": .none, "entry.author": .stays,
    "entry.reply_to": .none, "entry.changed_seq": .none,
    "file.id": .none, "file.owner": .stays, "file.size": .none, "file.conversation": .none, "file.message": .none,
    "file_link.file": .none, "file_link.conversation": .none, "file_piece.file": .none,
    "file_usage.owner": .stays, "file_usage.bytes": .none, "file_usage.files": .none, "id_block.next": .none,
    "member.conversation": .none, "member.user_id": .stays, "member.read_seq": .none, "member.joined_seq": .none,
    "reaction.message": .none, "reaction.user_id": .stays,
    "user_conversation.user_id": .goes, "user_conversation.conversation": .none,
    "user_session.id": .none, "user_session.user_id": .goes, "user_session.generation": .none,
    "username_claim.user_id": .stays,
  ]

  private enum Fate { case none, goes, stays, staysInPart }

  @Test("each column that can name a user is known, and what becomes of its rows")
  func columnsKnown() async throws {
    try await Database.with { database in
      let found = try await Self.words(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type IN ('bigint', 'numeric') ORDER BY 1
        """, database)
      #expect(Set(found) == Set(Self.columns.keys))
      let lists = try await Self.words(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'ARRAY' ORDER BY 1
        """, database)
      #expect(lists == [], "a list of users, maybe")
    }
  }

  @Test("what is left of one who had everything is what the page says")
  func sum() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let gone = cast.ada
      try await Self.furnish(cast)
      let zoe = try await cast.extra("zoe")
      _ = try await cast.stores.contacts.change(.add(mutual: false), by: zoe, to: gone, limit: 99)
      #expect(try await database.stores.users.delete(gone.id))
      #expect(try await AccountCleanup(of: gone.id) { _ in }.run(in: Self.chat(database)) == .done)

      for (column, fate) in Self.columns.sorted(by: { $0.key < $1.key }) where fate != .none {
        let parts = column.split(separator: ".")
        let rows = try await Self.number(
          "SELECT count(*) FROM \(parts[0]) WHERE \(parts[1]) = \(gone.id.rawValue)", database)
        switch fate {
        case .none: break
        case .goes: #expect(rows == 0, "\(column)")
        case .stays where column.hasSuffix("low") || column.hasSuffix("high"): break
        case .stays: #expect(rows > 0, "\(column)")
        case .staysInPart: #expect(rows == 3, "\(column): Zoe, who alone had her listed, and Bob and Eve: blocks")
        }
      }
      // Taking him off a list makes him none of his own again.
      for (change, user) in [(ContactChange.remove(mutual: true), zoe), (.unblock, cast.bob)] {
        _ = try await cast.stores.contacts.change(change, by: user, to: gone, limit: 99)
      }
      let id = gone.id.rawValue
      #expect(try await Self.number("SELECT count(*) FROM contact WHERE user_id = \(id)", database) == 0)
      #expect(
        try await Self.words(
          "SELECT DISTINCT c.kind FROM member m JOIN conversation c ON c.bucket = m.bucket AND c.id = m.conversation "
            + "WHERE m.user_id = \(id) ORDER BY 1", database) == ["direct", "self"])
      #expect(try await Self.number("SELECT count(*) FROM file WHERE owner = \(id)", database) == 2, "sent, and a link")
      #expect(
        try await Self.number(
          "SELECT count(*) FROM chat_user WHERE id = \(id) AND email IS NULL AND avatar_url IS NULL "
            + "AND attributes IS NULL AND password_hash = ''", database) == 1)
      #expect(
        try await Self.number(
          "SELECT count(*) FROM contact_pair WHERE (low = \(id) AND (low_listed OR low_tie <> 'none')) "
            + "OR (high = \(id) AND (high_listed OR high_tie <> 'none'))", database) == 0)
    }
  }

  /// A bug once: of more than a thousand sessions that had ended, the rest stayed for ever.
  @Test("of ten thousand sessions none is left, taken away a thousand at a time")
  func sessions() async throws {
    try await Database.with { database in
      let ada = try await Cast.gather(in: database.underTest).ada.id
      try await PrivatePostgres.shared().sql(
        """
        INSERT INTO user_session
          (bucket, id, user_id, nonce, generation, created_at, rotated_at, last_seen_at, ended_at)
        SELECT \(ada.bucket.number), number * 4096 + \(ada.bucket.number), \(ada.rawValue), '', 1, now(), now(), now(),
          now()
        FROM generate_series(900000001::bigint, 900010000) AS number
        """, in: database.url)
      #expect(try await database.stores.users.delete(ada))
      let kept = "SELECT count(*) FROM user_session WHERE user_id = \(ada.rawValue)"
      #expect(try await Self.number(kept, database) == 9_000)
      #expect(try await AccountCleanup(of: ada) { _ in }.run(in: Self.chat(database)) == .done)
      #expect(try await Self.number(kept, database) == 0)
    }
  }

  @Test("whoever is being added while his account ends is out again, or never was in")
  func race() async throws {
    try await Database.with { database in
      let other = try Database(database.url)
      for _ in 0..<12 {
        let cast = try await Cast.gather(in: database.underTest)
        let rooms = try await cast.groupsApart(4)
        let eve = cast.eve
        async let added: Void = withTaskGroup(of: Void.self) { group in
          for room in rooms {
            group.addTask {
              _ = try? await other.stores.conversations.change(
                room, .put(nil), of: eve, by: cast.ada, limit: 9, most: 99)
            }
          }
        }
        #expect(try await database.stores.users.delete(eve.id))
        let outcome = try await AccountCleanup(of: eve.id) { _ in }.run(in: Self.chat(database))
        await added
        #expect(outcome == .done)
        let memberships = "SELECT count(*) FROM member m JOIN conversation c ON c.bucket = m.bucket "
        #expect(
          try await Self.number(
            memberships + "AND c.id = m.conversation WHERE c.kind = 'group' AND m.user_id = \(eve.id.rawValue)",
            database) == 0)
        for room in rooms {
          let found = try await cast.stores.conversations.conversation(room, for: cast.ada.id, members: 9)
          #expect(found?.memberCount == 2 && found?.members.count == 2)
        }
      }
      await other.close()
    }
  }

  @Test("whoever is being imported into conversations while his account ends is out again, or never was in")
  func importRace() async throws {
    try await Database.with { database in
      let other = try Database(database.url)
      let then = Timestamp(milliseconds: 1)
      for _ in 0..<8 {
        let cast = try await Cast.gather(in: database.underTest)
        let (ada, eve, mark) = (cast.ada, cast.eve, cast.mark)
        async let added: Void = withTaskGroup(of: Void.self) { group in
          group.addTask { _ = try? await other.stores.imports.openDirect(ada, eve, at: then, most: 99) }
          for number in 0..<4 {
            group.addTask {
              let past = PastGroup(
                id: ImportKey(source: "race", key: "\(mark) \(number)").group, title: "Room", owner: ada,
                members: [(eve, .member)], createdAt: then)
              _ = try? await other.stores.imports.create(past, most: 99)
            }
          }
        }
        #expect(try await database.stores.users.delete(eve.id))
        let outcome = try await AccountCleanup(of: eve.id) { _ in }.run(in: Self.chat(database))
        await added
        #expect(outcome == .done)
        let listed = "SELECT count(*) FROM user_conversation l WHERE l.user_id = \(eve.id.rawValue)"
        #expect(try await Self.number(listed, database) == 0)
      }
      await other.close()
    }
  }

  @Test("accounts that ended before there were notes are noted when the schema learns of them")
  func before() async throws {
    let url = try await PrivatePostgres.shared().database()
    let database = try Database(url)
    let old = Migration.all.filter { $0.version < 17 }
    _ = try await Migrator(pool: database.pool, migrations: old).migrate()
    try await PrivatePostgres.shared().sql(
      """
      INSERT INTO chat_user
        (bucket, id, username, display_name, password_hash, own_conversation, created_at, deleted_at)
      VALUES (7, 40960007, 'gone', 'gone', '', 1, now(), now() - interval '1 year'),
          (7, 40964103, 'there', 'there', '', 1, now(), NULL)
      """, in: url)
    _ = try await Migrator(pool: database.pool).migrate()
    let cleanups = database.stores.cleanups
    let (gone, there) = (UserID(rawValue: 40_960_007), UserID(rawValue: 40_964_103))
    #expect(try await cleanups.idleCleanups(for: 60_000, limit: 9) == [gone])
    #expect(try await database.stores.users.delete(there))
    #expect(try await cleanups.idleCleanups(for: 0, limit: 9) == [there, gone], "who has ended since comes first")
    #expect(try await cleanups.takeCleanup(of: there, idleFor: 0) != nil)
    // As another machine's clock may have it.
    let later = "UPDATE account_cleanup SET tended_at = now() + interval '5 minutes' WHERE user_id = \(there.rawValue)"
    try await PrivatePostgres.shared().sql(later, in: url)
    #expect(try await cleanups.takeCleanup(of: there, idleFor: 0) != nil)
    let earlier = later.replacing("+ interval", with: "- interval")
    for look in 1...AccountCleanups.looksMax + 1 {
      try await PrivatePostgres.shared().sql(earlier, in: url)
      #expect(try await cleanups.takeCleanup(of: there, idleFor: 60_000) != nil)
      let order = look < AccountCleanups.looksMax ? [there, gone] : [gone, there]
      #expect(try await cleanups.idleCleanups(for: 0, limit: 9) == order, "found \(look) times")
    }
    try await PrivatePostgres.shared().sql(earlier, in: url)
    try await AccountCleanups { _ in }.run(in: Self.chat(database))
    #expect(try await cleanups.idleCleanups(for: 0, limit: 9) == [])
    await database.close()
    try await PrivatePostgres.shared().drop(url)
  }

  /// Gives Ada a row in every table that can have one of hers.
  private static func furnish(_ cast: Cast) async throws {
    let (stores, ada) = (cast.stores, cast.ada)
    let (room, direct) = (try await cast.group().id, try await cast.direct().id)
    let square = try await cast.square().id
    let said = try await cast.say("first", by: ada, in: room).message
    _ = try await stores.messages.change(said.id, .react(emoji: "👍", kindsMax: 9), by: ada.id)
    _ = try await stores.messages.markRead(room, ada.id, upTo: 2)
    try await cast.say("hi", by: ada, in: direct)
    for other in [cast.bob, cast.eve] {
      _ = try await stores.contacts.change(.add(mutual: true), by: ada, to: other, limit: 99)
    }
    _ = try await stores.contacts.change(.block(.blocked), by: ada, to: cast.eve, limit: 99)
    _ = try await stores.contacts.change(.block(.blocked), by: cast.bob, to: ada, limit: 99)
    _ = try await stores.contacts.change(.block(.blocked), by: ada, to: cast.bob, limit: 99)
    let (sent, _) = (try await stores.keep("sent", of: ada), try await stores.keep("kept", of: ada))
    _ = try await stores.files.link([sent.id], of: ada.id, to: room, most: 9)
    let link = NewFileLink(
      owner: ada.id, name: "a.pdf", url: "https://x.example/a.pdf", size: 5, place: .conversation(square))
    _ = try await stores.files.register(link, quota: FileUsage(bytes: 1_000, files: 9))
    _ = try await stores.sessions.open(user: ada.id, device: "phone", nonce: [UInt8](0..<32), most: 9)
    _ = try await stores.users.update(
      ada.id, ProfileChange(email: .some("ada@x.example"), avatarURL: .some("/a.png"), attributes: ["status": "here"]))
  }

  private static func chat(_ database: Database) -> Chat {
    let stores = database.stores
    return Chat(
      users: stores.users, sessions: stores.sessions, conversations: stores.conversations, contacts: stores.contacts,
      cleanups: stores.cleanups, log: stores.log, messages: stores.messages, files: stores.files, blobs: stores.blobs,
      credentials: FakeCredentials(), publisher: RecordingPublisher(),
      limiter: MemoryRateLimiter(clock: WallClock()), clock: WallClock())
  }

  private static func words(_ query: String, _ database: Database) async throws -> [String] {
    try await PrivatePostgres.shared().sql(query, in: database.url).split(separator: "\n")
      .map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
  }

  private static func number(_ query: String, _ database: Database) async throws -> Int {
    try #require(Int(try await PrivatePostgres.shared().sql(query, in: database.url).filter(\.isNumber)))
  }
}
