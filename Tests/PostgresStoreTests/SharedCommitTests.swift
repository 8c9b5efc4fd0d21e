import ChatCore
import IORuntime
import Postgres
import PostgresStore
import TestKit
import Testing

/// Lanes of several buckets in one transaction.
@Suite("A shared commit", .serialized)
struct SharedCommitTests {
  @Test("leaves out a bucket that somebody holds, whose sends are stored in their order when he lets go")
  func lockedOut() async throws {
    let patient: (inout PostgresSettings) -> Void = {
      $0.queryTimeout = 30_000
      $0.statementTimeout = 30_000
      $0.lockTimeout = 30_000
    }
    try await Database.with(on: PrivatePostgres.plain(), patient) { database in
      let cast = try await Cast.gather(in: database.underTest)
      var rooms = try await cast.groupsApart(12)
      let locked = rooms.removeLast()
      let other = try Database(database.url)
      let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = $1 FOR UPDATE")
      let held = try await withThrowingTaskGroup(of: Message.self) { group in
        try await other.pool.transaction { (holder) throws(PostgresError) in
          _ = try await holder.query(lock, [.int2(locked.bucket.number)])
          let free = await database.say(
            (rooms + [locked]).flatMap { [("1", cast.ada, $0), ("2", cast.bob, $0)] }
          ) { [rooms] answers in rooms.allSatisfy { answers[$0]?.count == 2 } }
          for room in rooms { #expect(free[room]?.compactMap { try? $0.get().message.seq } == [2, 3]) }
          #expect(free[locked] == nil, "nobody has stored them yet")
          for number in 3...6 {
            group.addTask { try await cast.say("\(number)", by: cast.bob, in: locked).message }
          }
          while await database.sendCounters.unanswered < 6 { await database.loop.sleep(5) }
        }
        return try await group.reduce(into: [Message]()) { $0.append($1) }
      }
      let counters = await database.sendCounters
      #expect(counters.lockedOut == 1)
      #expect(counters.retried == 0 && counters.refused == 0)
      let said = try await cast.stores.log.messages(of: locked, page: .latest, limit: 20)
      #expect(said.map(\.seq) == Array(2...7))
      #expect(said.prefix(2).map(\.text) == ["1", "2"])
      #expect(Set(said.map(\.text)) == ["1", "2", "3", "4", "5", "6"])
      #expect(Set(held).isSubset(of: said))
      await other.close()
    }
  }

  @Test("is not shared by a bucket of which much is stored at once and those of which little is")
  func heavy() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(3)
      let (heavy, light) = (rooms[0], rooms[1...])
      let answers = await database.say(
        (0..<300).map { ("\($0)", cast.ada, heavy) } + light.map { ("x", cast.ada, $0) }
      ) { answers in answers.values.reduce(0) { $0 + $1.count } == 302 }
      #expect(try #require(answers[heavy]).map { try $0.get().message.seq } == Array(2...301))
      for room in light { #expect(try #require(answers[room]).map { try $0.get().message.seq } == [2]) }
      let counters = await database.sendCounters
      #expect(counters.batches == 4)
      // The heavy one's first 256 and its rest, and between them both of the others.
      let isCitus = try await PrivatePostgres.shared().shards != nil
      #expect(counters.transactions == (isCitus ? 4 : 3))
    }
  }

  @Test("is not shared before it is known whether the server is a Citus, where each bucket may be another machine")
  func unknownServer() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(3)
      let new = try Database(database.url)
      let answers = await new.say(rooms.map { ("x", cast.ada, $0) }) { $0.count == 3 }
      for room in rooms { #expect(try #require(answers[room]).map { try $0.get().message.seq } == [2]) }
      #expect(await new.sendCounters.transactions == 3)
      let later = await new.say(rooms.map { ("y", cast.ada, $0) }) { $0.count == 3 }
      for room in rooms { #expect(try #require(later[room]).map { try $0.get().message.seq } == [3]) }
      #expect(await new.sendCounters.transactions == 4, "it is none")
      await new.close()
    }
  }

  @Test("is not shared by a heavy bucket that stands behind many of which little is stored")
  func heavyBehindMany() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      var rooms = try await cast.groupsApart(21)
      let heavy = rooms.removeLast()
      _ = await database.say(
        rooms.map { ("x", cast.ada, $0) } + (0..<300).map { ("\($0)", cast.ada, heavy) }
      ) { answers in answers.values.reduce(0) { $0 + $1.count } == 320 }
      let counters = await database.sendCounters
      #expect(counters.batches == 22)
      // Sixteen and four of the others, the heavy one's first 256 and its rest.
      #expect(counters.transactions == 4)
    }
  }

  @Test("a crowd of several senders is told each message as it stands in the log", arguments: [3, 40, 300])
  func crowd(size: Int) async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group(with: [cast.bob, cast.eve]).id
      let writers = [cast.eve, cast.ada, cast.bob]
      let answers = await database.say((0..<size).map { ("\($0)", writers[$0 % 3], room) }) {
        $0[room]?.count == size
      }
      let told = try #require(answers[room]).map { try $0.get().message }
      #expect(told.map(\.text) == (0..<size).map(String.init))
      #expect(told.map(\.seq) == (0..<size).map { Int64($0 + 2) })
      #expect(try await cast.stores.log.messages(of: room, page: .latest, limit: 1_000) == told)
    }
  }

  @Test("one of a crowd who is no member is refused, and leaves no hole")
  func stranger() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let writers = [cast.ada, cast.eve, cast.bob, cast.ada]
      let answers = await database.say(writers.enumerated().map { ("\($0)", $1, room) }) { $0[room]?.count == 4 }
      let outcomes = try #require(answers[room])
      #expect(throws: ChatError.self) { try outcomes[1].get() }
      #expect(outcomes.compactMap { try? $0.get().message.seq } == [2, 3, 4])
      #expect(try await cast.stores.log.messages(of: room, page: .latest, limit: 10).map(\.seq) == [2, 3, 4])
    }
  }
}

/// What came of sends, in the order in which it was told; on the loop.
private final class Answers: @unchecked Sendable {
  var told: [ConversationID: [Result<Appended, ChatError>]] = [:]
  var isDone = false
}

extension Database {
  /// Sends in one tick, so that they travel together, and gives the answers once there are as many as wanted.
  fileprivate func say(
    _ texts: [(text: String, by: User, in: ConversationID)],
    until isEnough: @escaping @Sendable ([ConversationID: [Result<Appended, ChatError>]]) -> Bool
  ) async -> [ConversationID: [Result<Appended, ChatError>]] {
    await withCheckedContinuation { continuation in
      loop.execute { [self] in
        let answers = Answers()
        for (text, sender, room) in texts {
          let message = NewMessage(
            conversation: room, sender: sender.id, type: .text, text: text, clientMessageID: nil, replyTo: nil)
          stores.log.prompt?.append(message) { answer in
            answers.told[room, default: []].append(answer)
            guard !answers.isDone, isEnough(answers.told) else { return }
            answers.isDone = true
            continuation.resume(returning: answers.told)
          }
        }
      }
    }
  }
}
