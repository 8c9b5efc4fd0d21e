import Glibc
import IORuntime
import Postgres
import TestKit
import Testing

/// What the network, the server and its operator can do to a connection; on a server of the process' own, since its
/// backends are stopped and its databases closed.
@Suite("A pool in trouble", .serialized)
struct PostgresFaultTests {
  private static let pid = Statement("pid", "SELECT pg_backend_pid()")
  private static let sleep = Statement("sleep", "SELECT pg_sleep($1::int8)")

  @Test("a stopped backend costs its callers their deadline and its connection its life")
  func stoppedBackend() async throws {
    try await withOwnPool({
      $0.connections = 1
      $0.queryTimeout = 500
    }) { pool, _ in
      let process = try #require(await pool.query(Self.pid, timeout: 4_500).first).int4(0)
      try #require(kill(process, SIGSTOP) == 0)
      defer { kill(process, SIGCONT) }
      let waited = await milliseconds {
        let error = await failure { () throws(PostgresError) in _ = try await pool.query(Self.pid) }
        #expect(error == .timeout(sent: true))
      }
      #expect((400..<4_000).contains(waited), "the server's own limit is 4,000")
      let next = try #require(await pool.query(Self.pid, timeout: 4_500).first).int4(0)
      #expect(next != process)
    }
  }

  @Test("a statement that is lost is in doubt, unless repeating it is harmless")
  func lostConnection() async throws {
    try await withOwnPool(Self.patient) { pool, url in
      let (once, again) = (Self.wait("once"), Self.wait("again", repeatable: true))
      pool.start()
      // Else both stand on one connection, of which the second has not begun.
      while await counters(of: pool).ready < 2 { await pool.loop.sleep(5) }
      let (first, second) = try await withThrowingTaskGroup(of: (Bool, PostgresError?).self) { group in
        try await whileHeld(url) {
          group.addTask { (true, await failure { () throws(PostgresError) in _ = try await pool.query(once) }) }
          group.addTask { (false, await failure { () throws(PostgresError) in _ = try await pool.query(again) }) }
          try await end(2, in: url)
        }
        var outcomes: [Bool: PostgresError?] = [:]
        for try await (key, error) in group { outcomes[key] = error }
        return (outcomes[true] ?? nil, outcomes[false] ?? nil)
      }
      #expect(first?.isInDoubt == true, "\(String(describing: first))")
      #expect(second == nil, "\(String(describing: second))")
      // Twice, when it went to the other connection before that one's end was heard of.
      #expect((1...2).contains(await counters(of: pool).repeated))
    }
  }

  @Test("what is repeated goes to a connection that is left, although no new one can be had")
  func repeatedOnWhatIsLeft() async throws {
    try await withOwnPool(Self.patient) { pool, url in
      let server = try await PrivatePostgres.plain()
      let name = try #require(url.split(separator: "/").last)
      let admin = try await server.database()
      pool.start()
      while await counters(of: pool).ready < 2 { try await Task.sleep(for: .milliseconds(5)) }
      let answer = try await whileHeld(url) {
        let answer = Task { try await pool.query(Self.wait("again", repeatable: true)) }
        try await server.sql("ALTER DATABASE \(name) ALLOW_CONNECTIONS false", in: admin)
        try await end(1, in: url, asked: admin)
        for _ in 0..<4_000 {
          if await counters(of: pool).repeated > 0 { break }
          await pool.loop.sleep(5)
        }
        return answer
      }
      _ = try await answer.value
      #expect(await counters(of: pool).repeated == 1)
    }
  }

  @Test("when nobody listens, a statement is refused by its deadline, and the pool keeps trying")
  func nobodyListens() async throws {
    let server = try await PrivatePostgres.start()
    defer { server.end() }
    let url = try await server.database()
    server.kill9()
    try await withPool(to: url, { $0.queryTimeout = 1_500 }) { pool in
      let waited = await milliseconds {
        let error = await failure { () throws(PostgresError) in _ = try await pool.query(Self.pid) }
        guard case .unavailable(let reason)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(reason.contains("refused"))
      }
      #expect(waited < 4_000, "the server's own limit, which is not asked, is 4,000")
      try await server.restart()
      _ = try await pool.query(Self.pid, timeout: 20_000)
      #expect(await counters(of: pool).connectFailures > 1)
    }
  }

  @Test("what libpq refuses before it has asked anybody is refused by the deadline, and the loop serves on")
  func refusedAtOnce() async throws {
    for url in ["postgresql:///m?host=/no/such/directory", "postgresql://m@127.0.0.1:0/m"] {
      try await withPool(to: url, { $0.queryTimeout = 400 }) { pool in
        let error = await failure { () throws(PostgresError) in _ = try await pool.query(Self.pid) }
        guard case .unavailable? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(await counters(of: pool).connectFailures < 100, "tried again and again without a pause")
      }
    }
  }

  @Test("a server that turns connections away is asked once a second by all pools together")
  func turnedAway() async throws {
    let good = try await PrivatePostgres.plain().database()
    let slash = try #require(good.lastIndex(of: "/"))
    let settings = PostgresSettings(url: String(good[...slash]) + "no_such_database")
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer { loop.stop() }
    let pools = try (0..<3).map { _ in try PostgresPool(loop: loop, settings: settings) }
    let begin = EventLoop.monotonicMilliseconds()
    for pool in pools { pool.start() }
    // Two rounds after the first.
    var failures = 0
    for _ in 0..<400 {
      try await Task.sleep(for: .milliseconds(50))
      failures = 0
      for pool in pools { failures += await counters(of: pool).connectFailures }
      if failures >= 4, EventLoop.monotonicMilliseconds() >= begin + 2_500 { break }
    }
    let seconds = Int(EventLoop.monotonicMilliseconds() - begin) / 1_000
    for pool in pools { await close(pool) }
    // The first pool's connections go out together before the first answer.
    #expect(failures <= 3 * 4 + 1 + seconds, "\(failures) in \(seconds) s")
    #expect(failures >= 4)
  }

  @Test("the second host is taken when the first does not answer")
  func severalHosts() async throws {
    let good = try await PrivatePostgres.plain().database()
    let url = good.replacing("@127.0.0.1:", with: "@127.0.0.1:1,127.0.0.1:")
    try await withPool(to: url) { pool in
      let rows = try await pool.query(Self.pid)
      #expect(rows.count == 1)
    }
  }

  @Test("a host's name is resolved without blocking")
  func hostNames() async throws {
    let good = try await PrivatePostgres.plain().database()
    try await withPool(to: good.replacing("127.0.0.1", with: "localhost")) { pool in
      let rows = try await pool.query(Self.pid)
      #expect(rows.count == 1)
    }
    try await withPool(to: good.replacing("127.0.0.1", with: "nowhere.invalid")) { pool in
      let error = await refusal(by: pool)
      #expect(error == .unavailable("unknown host nowhere.invalid"))
    }
  }

  @Test("a database that acknowledges before it has flushed is refused with a sentence")
  func synchronousCommitIsChecked() async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    let name = try #require(url.split(separator: "/").last)
    try await server.sql("ALTER DATABASE \(name) SET synchronous_commit = off", in: url)
    try await withPool(to: url) { pool in
      let error = await refusal(by: pool)
      #expect(
        error
          == .misconfigured("synchronous_commit is off on the database; it must be on, remote_write or remote_apply."))
    }
  }

  @Test(
    "a session without what was set for it is refused with a sentence",
    arguments: ["lock_timeout=0", "default_transaction_isolation=serializable"])
  func sessionSettingsAreChecked(lost: String) async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    // What stands last counts: as if nothing had been given.
    try await withPool(to: url + "?options=-c%20" + lost.replacing("=", with: "%3D")) { pool in
      let error = await refusal(by: pool)
      guard case .misconfigured(let sentence)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(sentence.contains("pooler") && sentence.contains(lost.replacing("=", with: " is ")), "\(sentence)")
    }
    await server.drop(url)
  }

  /// What a pool answers once it knows why it has no connection, which takes twenty seconds at most; a question waits
  /// for one as long as it may.
  private func refusal(by pool: PostgresPool) async -> PostgresError? {
    pool.start()
    for _ in 0..<2_000 {
      if await isWithout(pool) { break }
      await pool.loop.sleep(10)
    }
    return await failure { () throws(PostgresError) in _ = try await pool.query(Self.pid, timeout: 200) }
  }

  private func isWithout(_ pool: PostgresPool) async -> Bool {
    await withCheckedContinuation { answer in pool.loop.execute { answer.resume(returning: pool.failure != nil) } }
  }

  @Test("a URL that cannot be read is refused without showing it")
  func wrongURL() throws {
    let loop = try EventLoop(name: "test")
    for url in ["postgresql://u:secret@h/x?colour=red", "nonsense secret", "host=a,b port=1,2,3"] {
      #expect(throws: PostgresError.self) { try PostgresPool(loop: loop, settings: PostgresSettings(url: url)) }
      do {
        _ = try PostgresPool(loop: loop, settings: PostgresSettings(url: url))
      } catch {
        #expect(!"\(error)".contains("secret"))
      }
    }
  }

  @Test("the server ends what takes too long or waits too long for a lock")
  func serverTimeouts() async throws {
    try await withOwnPool({
      $0.statementTimeout = 300
      $0.lockTimeout = 100
    }) { pool, _ in
      let slow = await failure { () throws(PostgresError) in _ = try await pool.query(Self.sleep, [.int8(3)]) }
      #expect(slow?.sqlstate == "57014")
      _ = try await pool.query(Statement("make", "CREATE TABLE t (a int)"))
      let lock = Statement("lock", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
      let waiting = await failure { () throws(PostgresError) in
        try await pool.transaction { (one) throws(PostgresError) in
          _ = try await one.query(lock)
          try await pool.transaction { (other) throws(PostgresError) in _ = try await other.query(lock) }
        }
      }
      #expect(waiting?.sqlstate == SQLState.lockNotAvailable)
    }
  }

  /// Time enough for what waits until the test lets it go on.
  private static func patient(_ settings: inout PostgresSettings) {
    settings.connections = 2
    (settings.queryTimeout, settings.statementTimeout, settings.lockTimeout) = (30_000, 30_000, 30_000)
    settings.idleInTransactionTimeout = 30_000
  }

  /// Waits while ``whileHeld(_:_:)`` runs.
  private static func wait(_ name: String, repeatable: Bool = false) -> Statement {
    Statement(name, "SELECT pg_advisory_xact_lock_shared(7)::text", repeatable: repeatable)
  }

  /// Runs `body` while somebody else of the database holds what those statements wait for.
  private func whileHeld<Value: Sendable>(_ url: String, _ body: () async throws -> Value) async throws -> Value {
    try await withPool(to: url, Self.patient) { other in
      let outcome = try await other.transaction { (holder) throws(PostgresError) -> Result<Value, any Error> in
        _ = try await holder.query(Statement("hold", "SELECT pg_advisory_xact_lock(7)"))
        do { return .success(try await body()) } catch { return .failure(error) }
      }
      return try outcome.get()
    }
  }

  /// Ends the sessions in which so many of those statements wait, once they do.
  private func end(_ count: Int, in url: String, asked database: String? = nil) async throws {
    let server = try await PrivatePostgres.plain()
    let name = try #require(url.split(separator: "/").last)
    let waiting =
      "FROM pg_locks JOIN pg_database d ON d.oid = database "
      + "WHERE locktype = 'advisory' AND NOT granted AND datname = '\(name)'"
    let end = ContinuousClock.now + .seconds(20)
    while try await server.sql("SELECT count(*) \(waiting)", in: database ?? url).filter(\.isNumber) != "\(count)" {
      try #require(ContinuousClock.now < end, "not \(count) of them wait")
      try await Task.sleep(for: .milliseconds(50))
    }
    try await server.sql("SELECT pg_terminate_backend(pid) \(waiting)", in: database ?? url)
  }

  private func withOwnPool(
    _ adjust: (inout PostgresSettings) -> Void, _ body: (PostgresPool, String) async throws -> Void
  ) async throws {
    try await withPool(adjust, on: PrivatePostgres.plain(), body)
  }
}
