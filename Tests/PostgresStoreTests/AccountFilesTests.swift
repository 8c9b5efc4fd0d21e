import ChatCore
import IORuntime
import Postgres
import Testing

@testable import PostgresStore
@testable import TestKit

/// A file and its sender's account, both at once.
@Suite("Files of an account that ends")
struct AccountFilesTests {
  /// A bug once: what the message carried was gone a moment after it was stored.
  @Test("a file that is being sent while its sender's account ends stays")
  func sentMeanwhile() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let (ada, room) = (cast.ada.id, try await cast.group().id)
      let file = try await cast.stores.keep("sent", of: cast.ada)
      let other = try Database(database.url)
      let key = [Parameter.int2(ada.bucket.number), .int8s([file.id.rawValue])]
      let retiring = try await other.pool.transaction { (sender) throws(PostgresError) in
        _ = try await sender.query(PostgresFiles.own, key + [.int8(ada.rawValue), .int8(room.rawValue)])
        let retiring = Task { try await database.stores.files.retireUnshared(of: ada, and: nil, after: nil, limit: 9) }
        try await Self.untilHeldUp(by: sender, on: other.loop)
        _ = try await sender.query(PostgresFiles.link, key + [.int8(room.rawValue)])
        return retiring
      }
      _ = try await retiring.value
      #expect(try await database.stores.files.file(file.id) == file)
      await other.close()
    }
  }

  @Test("a file that is being retired is not found by who sends it meanwhile")
  func retiredMeanwhile() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let (ada, room) = (cast.ada.id, try await cast.group().id)
      let file = try await cast.stores.keep("kept", of: cast.ada)
      let other = try Database(database.url)
      let key = [Parameter.int2(ada.bucket.number), .int8(ada.rawValue)]
      let sending = try await other.pool.transaction { (cleaner) throws(PostgresError) in
        _ = try await cleaner.query(PostgresFiles.unshared, key + [.int8(0), .int8(9), .int8(nil)])
        _ = try await cleaner.query(PostgresFiles.retireAll, key + [.int8s([file.id.rawValue])])
        let sending = Task { try await database.stores.files.link([file.id], of: ada, to: room, most: 9) }
        try await Self.untilHeldUp(by: cleaner, on: other.loop)
        return sending
      }
      #expect(try await sending.value == [])
      #expect(try await database.stores.files.conversations(of: file.id, limit: 9) == [])
      await other.close()
    }
  }

  /// Waits until somebody waits for a lock of that transaction's; ten seconds at most.
  private static func untilHeldUp(by holder: PostgresTransaction, on loop: EventLoop) async throws(PostgresError) {
    let waiting = Statement(
      "test.waiting",
      "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
    for _ in 0..<2_000 {
      if try await holder.query(waiting).first?.int8(0) ?? 0 > 0 { return }
      await loop.sleep(5)
    }
    Issue.record("nobody waits")
  }
}
