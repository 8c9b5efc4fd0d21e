import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// What statements over several shards are held to: reliability.md's rule R5.
@Suite("Scatter statements", .serialized)
struct ScatterTests {
  @Test("F31: 2,000 who come back at once ask for their heads in few statements, and each gets his own")
  func bootStorm() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      var people = [cast.ada, cast.bob, cast.eve]
      for number in 0..<37 { people.append(try await cast.extra("user\(number)")) }
      // Each sits in ten rooms of eight, and they differ.
      for room in 0..<50 {
        let members = (0..<8).map { people[(room * 7 + $0 * 5) % people.count] }
        let others = members.filter { $0.id != cast.ada.id }
        _ = try await cast.group(with: others)
      }
      var calm: [UserID: [ConversationID: Int64]] = [:]
      for user in people { calm[user.id] = try await cast.stores.conversations.heads(of: user.id).known }
      let before = await database.scatterCounters
      let answers = try await withThrowingTaskGroup(of: (UserID, [ConversationID: Int64]).self) { group in
        for device in 0..<2_000 {
          let user = people[device % people.count].id
          // A session's loop asks thirty-two at once and queues the others; here all come, which is worse.
          group.addTask { (user, try await cast.stores.conversations.heads(of: user).known) }
        }
        var answers: [(UserID, [ConversationID: Int64])] = []
        for try await answer in group { answers.append(answer) }
        return answers
      }
      #expect(answers.count == 2_000)
      #expect(answers.allSatisfy { calm[$0.0] == $0.1 })
      let after = await database.scatterCounters
      let (asked, sent) = (after.asked - before.asked, after.sent - before.sent)
      print("F31: \(asked) questions for heads in \(sent) statements")
      #expect(asked >= 1_900)
      // A Citus plans each one's list anew, so that fewer come to ask for their heads while a statement is under way.
      let isCitus = try await PrivatePostgres.shared().shards != nil
      #expect(sent <= asked / (isCitus ? 2 : 8), "\(sent) statements")
      #expect(after.waiting == 0 && after.refused == 0)
    }
  }

  @Test("while statements over several shards stand still, those of one shard go on")
  func pointStatementsGoOn() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      try await Self.locking("conversation", in: database) { release in
        async let stuck = Self.failures(300) { _ = try await cast.stores.log.heads(of: [room]) }
        try await Self.reached(database) { $0.waiting >= 300 }
        for _ in 0..<50 { #expect(try await cast.stores.users.user(cast.ada.id) != nil) }
        #expect(await database.scatterCounters.waiting >= 300, "they were all answered before")
        release()
        #expect(await stuck == 0)
      }
    }
  }

  @Test("past the limit a question is refused at once, and may be repeated later")
  func refused() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      try await Self.locking("conversation", in: database) { release in
        async let stuck = Self.failures(1_024) { _ = try await cast.stores.log.heads(of: [room]) }
        try await Self.reached(database) { $0.waiting == 1_024 }
        await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
          _ = try await cast.stores.log.heads(of: [room])
        }
        #expect(await database.scatterCounters.refused == 1)
        release()
        #expect(await stuck == 0)
      }
      #expect(try await cast.stores.log.heads(of: [room]) == [room: 1])
    }
  }

  @Test("a question that nobody answers is given up at its own deadline, not at that of the database")
  func deadline() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      try await Self.locking("username_claim", in: database) { _ in
        let (standstill, begin) = (try Standstill(), Stopwatch.now)
        await #expect(throws: ChatError.self) {
          _ = try await cast.stores.users.search(prefix: "a", after: nil, limit: 9)
        }
        #expect(standstill.took(from: begin) < 2_500, "1 s is its row's deadline")
      }
    }
  }

  @Test("a resume never shares the answer to a question that was sent before it asked")
  func notStale() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let before = await database.scatterCounters
      try await Self.locking("conversation", in: database) { release in
        async let first = cast.stores.log.heads(of: [room])
        try await Self.reached(database) { $0.sent == before.sent + 1 }
        async let second = cast.stores.log.heads(of: [room])
        try await Self.reached(database) { $0.sent == before.sent + 2 }
        release()
        #expect(try await [first, second] == [[room: 1], [room: 1]])
      }
      #expect(await database.scatterCounters.shared == before.shared)
    }
  }

  @Test("the same search is asked once, by all who look at once and within a second, until a name changes here")
  func searchIsShared() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let before = await database.scatterCounters
      for _ in 0..<5 {
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<50 {
            group.addTask { try await cast.stores.users.search(prefix: "ada-", after: nil, limit: 9).count }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: 1, count: 50))
      }
      let after = await database.scatterCounters
      #expect(after.asked - before.asked == 250)
      #expect(after.sent - before.sent < 10, "a second may have passed")
      _ = try await cast.extra("ada-the-second")
      #expect(try await cast.stores.users.search(prefix: "ada-", after: nil, limit: 9).count == 2)
    }
  }

  @Test("what promises hang on is asked although ordinary questions hold their connections")
  func urgentFirst() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let bucket = try await cast.group().id.bucket
      try await Self.locking("username_claim", in: database) { release in
        async let stuck = Self.failures(20) { _ = try await cast.stores.users.near(keys: ["ada", "bob"], each: 3) }
        try await Self.reached(database) { $0.waiting >= 20 }
        #expect(try await cast.stores.log.counters(of: [bucket])[bucket]?.newest == 1)
        #expect(await database.scatterCounters.waiting >= 20)
        release()
        _ = await stuck
      }
    }
  }

  @Test("one session is asked for in its bucket alone")
  func oneSession() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let sessions = cast.stores.sessions
      var opened: [SessionID] = []
      for number in 0..<3 {
        let nonce = [UInt8](repeating: UInt8(number), count: 16)
        opened.append(try await sessions.open(user: cast.ada.id, device: nil, nonce: nonce, most: 10).id)
      }
      let before = await database.scatterCounters.asked
      #expect(try await sessions.ended(among: [opened[0]]) == [])
      #expect(try await sessions.end(opened[0], of: cast.ada.id))
      #expect(try await sessions.ended(among: [opened[0]]) == [opened[0]])
      #expect(await database.scatterCounters.asked == before)
      #expect(try await sessions.ended(among: opened) == [opened[0]])
      #expect(await database.scatterCounters.asked == before + 1)
    }
  }

  @Test("more keys than one statement may carry go in several")
  func parts() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let before = await database.scatterCounters.sent
      let bucket = try #require(Bucket(7))
      let unknown = (1...2_499).map { ConversationID(counter: 1_000_000 + $0, bucket: bucket) }
      #expect(try await cast.stores.log.heads(of: [room] + unknown) == [room: 1])
      #expect(await database.scatterCounters.sent == before + 3)
    }
  }

  // MARK: What the cases are made of

  /// Runs a body while nobody else can read a table; the body may let go before it ends.
  private static func locking(
    _ table: String, in database: Database, _ body: (@escaping @Sendable () -> Void) async throws -> Void
  ) async throws {
    let holder = try Database(database.url)
    let (locked, lock) = AsyncStream<Void>.makeStream()
    let (released, release) = AsyncStream<Void>.makeStream()
    let statement = Statement("lock", "LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE")
    @Sendable func hold() async throws {
      // Also when the lock is refused, so that nobody waits for it for ever.
      defer { lock.finish() }
      try await holder.pool.transaction { (transaction) throws(PostgresError) in
        _ = try await transaction.query(statement)
        lock.finish()
        for await _ in released {}
      }
    }
    async let held: Void = hold()
    for await _ in locked {}
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body { release.finish() }) } catch { outcome = .failure(error) }
    release.finish()
    try await held
    await holder.close()
    try outcome.get()
  }

  /// Asks that often at once; how many were refused.
  private static func failures(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) async -> Int {
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<count {
        group.addTask {
          do {
            try await body()
            return false
          } catch {
            return true
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
  }

  private static func reached(_ database: Database, _ condition: (ScatterCounters) -> Bool) async throws {
    for _ in 0..<10_000 {
      if condition(await database.scatterCounters) { return }
      try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("not reached in 20 s: \(await database.scatterCounters)")
  }
}
