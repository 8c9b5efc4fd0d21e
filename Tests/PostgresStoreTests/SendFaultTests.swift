import ChatCore
import Glibc
import IORuntime
import Postgres
import PostgresStore
import Synchronization
import TestKit
import Testing

/// reliability.md F15, F17 and F19 on one store.
@Suite("Sends in trouble", .serialized)
struct SendFaultTests {
  @Test("kill -9 of PostgreSQL loses nothing that was acknowledged; sends are refused in time, then go on")
  func killedServer() async throws {
    let server = try await PrivatePostgres.start()
    defer { server.end() }
    try await Database.with(on: server) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = [try await cast.group().id, try await cast.direct().id, try await cast.square().id]
      let story = try await withThrowingTaskGroup(of: Story.self) { group in
        let over = Over()
        for sender in 0..<12 {
          group.addTask {
            try await withTaskExecutorPreference(database.loop) {
              try await Story.told(by: sender, as: cast, in: rooms[sender % rooms.count], until: over)
            }
          }
        }
        defer { over.isSo.store(true, ordering: .relaxed) }
        try await Task.sleep(for: .seconds(1))
        server.kill9()
        try await Task.sleep(for: .milliseconds(5_500))
        try await server.restart()
        try await Task.sleep(for: .seconds(3))
        over.isSo.store(true, ordering: .relaxed)
        return try await group.reduce(into: Story()) { $0.add($1) }
      }
      #expect(story.acked.count > 200, "\(story.acked.count) acknowledged")
      #expect(story.refused > 0, "some were refused while it was away")
      #expect(story.slowest < 5_300, "the slowest answer took \(story.slowest) ms")
      #expect(story.lastAck > story.restartable, "sends went on")
      try await expectStored(story, rooms, cast)
    }
  }

  @Test("a short restart of PostgreSQL is survived by sends without a client id too, each stored once")
  func shortRestart() async throws {
    let server = try await PrivatePostgres.start()
    defer { server.end() }
    try await Database.with(on: server) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = [try await cast.group().id]
      let story = try await withThrowingTaskGroup(of: Story.self) { group in
        let over = Over()
        for sender in 0..<8 {
          group.addTask {
            try await withTaskExecutorPreference(database.loop) {
              try await Story.told(by: sender, as: cast, in: rooms[0], until: over, withIDs: false)
            }
          }
        }
        defer { over.isSo.store(true, ordering: .relaxed) }
        try await Task.sleep(for: .seconds(1))
        server.kill9()
        try await server.restart()
        try await Task.sleep(for: .seconds(2))
        over.isSo.store(true, ordering: .relaxed)
        return try await group.reduce(into: Story()) { $0.add($1) }
      }
      #expect(story.acked.count > 100)
      #expect(story.refused == 0, "\(story.refused) refused")
      try await expectStored(story, rooms, cast)
      let counters = await database.sendCounters
      #expect(counters.retried > 0, "a batch was under way")
    }
  }

  @Test("a stopped backend delays its batch, which is stored once by another connection or refused in time")
  func stoppedBackend() async throws {
    try await Database.with(on: PrivatePostgres.plain(), { $0.connections = 1 }) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let pid = Statement("pid", "SELECT pg_backend_pid()")
      let process = try #require(await database.pool.query(pid).first).int4(0)
      try #require(kill(process, SIGSTOP) == 0)
      defer { kill(process, SIGCONT) }
      let (standstill, begin) = (try Standstill(), Stopwatch.now)
      await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
        try await cast.say("stopped", by: cast.ada, in: room, clientMessageID: "c")
      }
      #expect(standstill.took(from: begin) < 5_000)
      kill(process, SIGCONT)
      let again = try await cast.say("stopped", by: cast.ada, in: room, clientMessageID: "c")
      #expect(again.message.seq == 2)
    }
  }

  @Test("a lock on one bucket holds up its own sends only")
  func lockedBucket() async throws {
    try await Database.with({
      ($0.queryTimeout, $0.statementTimeout, $0.lockTimeout) = (30_000, 30_000, 30_000)
      $0.idleInTransactionTimeout = 30_000
    }) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let (locked, free) = (try await cast.group().id, try await cast.direct().id)
      try #require(locked.bucket != free.bucket)
      let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = $1 FOR UPDATE")
      // The transaction's, the held send's, and one for the free ones: a pool that has just begun may have two.
      while await database.connectionCounters.ready < 3 { try await Task.sleep(for: .milliseconds(5)) }
      var held: Task<Appended, any Error>?
      try await database.pool.transaction { (transaction) throws(PostgresError) in
        _ = try await transaction.query(lock, [.int2(locked.bucket.number)])
        held = Task { try await cast.say("held", by: cast.ada, in: locked) }
        for _ in 0..<4_000 {
          if await database.sendCounters.unanswered > 0 { break }
          await database.loop.sleep(5)
        }
        for _ in 0..<20 { _ = try? await cast.say("free", by: cast.ada, in: free) }
        #expect(await database.sendCounters.unanswered == 1, "it still waits")
      }
      #expect(try await held?.value.message.seq == 2)
      let head = try await cast.stores.log.heads(of: [free])[free]
      #expect(head == 21)
    }
  }

  /// Each acknowledged message stands at its place with its text; nothing stands twice; no place is empty.
  private func expectStored(_ story: Story, _ rooms: [ConversationID], _ cast: Cast) async throws {
    var found: [ConversationID: [Message]] = [:]
    for room in rooms {
      var last: Int64 = 0
      while case let page = try await cast.stores.log.entries(of: room, after: last, limit: 1_000), let end = page.last
      {
        #expect(page.map(\.seq) == Array((last + 1)...end.seq), "no holes")
        for case .messageCreated(let message) in page.map(\.event) { found[room, default: []].append(message) }
        last = end.seq
      }
    }
    let texts = found.values.joined().map(\.text)
    #expect(Set(texts).count == texts.count, "nothing is stored twice")
    let stored = Set(found.values.joined())
    for message in story.acked { #expect(stored.contains(message), "\(message.text) was acknowledged") }
    #expect(texts.count <= story.acked.count + story.refused)
  }
}

/// Whether senders have sent enough: some seconds after a server is back, however long that took.
private final class Over: Sendable {
  let isSo = Atomic(false)
}

/// What senders were told.
private struct Story: Sendable {
  var acked: [Message] = []
  var refused = 0
  var slowest: Int64 = 0
  var lastAck: Int64 = 0
  var restartable: Int64 = 0

  mutating func add(_ other: Story) {
    acked += other.acked
    refused += other.refused
    slowest = max(slowest, other.slowest)
    lastAck = max(lastAck, other.lastAck)
    restartable = max(restartable, other.restartable)
  }

  /// Sends one message after the other, each text once.
  static func told(
    by sender: Int, as cast: Cast, in room: ConversationID, until over: Over, withIDs: Bool = true
  ) async throws -> Story {
    let standstill = try Standstill()
    var story = Story()
    var number = 0
    while !over.isSo.load(ordering: .relaxed) {
      let begin = Stopwatch.now
      let text = "\(sender)-\(number)"
      number += 1
      do {
        let appended = try await cast.say(text, by: cast.ada, in: room, clientMessageID: withIDs ? text : nil)
        story.acked.append(appended.message)
        story.lastAck = EventLoop.monotonicMilliseconds()
      } catch {
        story.refused += 1
        story.restartable = EventLoop.monotonicMilliseconds()
      }
      story.slowest = max(story.slowest, standstill.took(from: begin))
    }
    return story
  }
}
