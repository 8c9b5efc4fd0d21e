import IORuntime
import TestKit
import Testing

@testable import Postgres

/// What is brief and comes in one tick shares a transaction, and no more than that.
@Suite("Shared transactions")
struct SharedSyncTests {
  /// In PostgreSQL's microseconds, which tell transactions of one burst apart.
  private static let begun = "(extract(epoch FROM now()) * 1000000)::int8"
  /// The moment that a transaction began; 100 divided by something, so that it can fail.
  private static let ask = Statement("ask", "SELECT \(begun), 100 / $1::int8", brief: true)
  private static let askAlone = Statement("ask_alone", "SELECT \(begun), 100 / $1::int8", repeatable: true)

  private typealias Answer = Result<[Rows], PostgresError>

  /// The answers to statements that are all asked in one tick of a pool with one connection.
  private func ask(_ flights: [[(statement: Statement, divisor: Int64)]]) async throws -> (
    answers: [Answer], counters: PostgresCounters
  ) {
    try await withPool({ $0.connections = 1 }) { pool, _ in
      for statement in [Self.ask, Self.askAlone] { _ = try await pool.query(statement, [.int8(1)]) }
      let (answers, told) = AsyncStream<(Int, Answer)>.makeStream()
      pool.loop.execute {
        for (place, flight) in flights.enumerated() {
          pool.submit(flight.map { ($0.statement, [.int8($0.divisor)]) }) { told.yield((place, $0)) }
        }
      }
      var found: [(Int, Answer)] = []
      for await answer in answers {
        found.append(answer)
        if found.count == flights.count { break }
      }
      return (found.sorted { $0.0 < $1.0 }.map(\.1), await counters(of: pool))
    }
  }

  /// One number for each transaction, in the order of the answers.
  private func transactions(_ answers: [Answer]) throws -> [Int] {
    var begun: [Int64] = []
    return try answers.map { answer in
      let moment = try #require(try answer.get().first?.first).int8(0)
      if let place = begun.firstIndex(of: moment) { return place }
      begun.append(moment)
      return begun.count - 1
    }
  }

  @Test("brief statements of one tick share a transaction, others have one each")
  func briefShare() async throws {
    let brief = try await ask([Int64](1...5).map { [(Self.ask, $0)] })
    #expect(try transactions(brief.answers) == [0, 0, 0, 0, 0])
    for (answer, divisor) in zip(brief.answers, Int64(1)...) {
      #expect(try #require(answer.get().first?.first).int8(1) == 100 / divisor)
    }
    let others = try await ask([Int64](1...5).map { [(Self.askAlone, $0)] })
    #expect(try transactions(others.answers) == [0, 1, 2, 3, 4])
  }

  @Test("what is not brief ends the transaction before it, and begins its own")
  func othersKeepApart() async throws {
    let answers = try await ask([
      [(Self.ask, 1)], [(Self.ask, 1)], [(Self.askAlone, 1)], [(Self.ask, 1)], [(Self.ask, 1), (Self.askAlone, 1)],
    ]).answers
    #expect(try transactions(answers) == [0, 0, 1, 2, 3])
  }

  @Test("a transaction is shared by as many as its limit says, and by one more is begun anew")
  func limit() async throws {
    let most = PostgresConnection.sharedMax
    let answers = try await ask(Array(repeating: [(Self.ask, 1)], count: most + 1)).answers
    #expect(try transactions(answers) == Array(repeating: 0, count: most) + [1])
  }

  @Test("a flight of more statements than its limit says shares no transaction")
  func longFlights() async throws {
    let long = Array(repeating: (statement: Self.ask, divisor: Int64(1)), count: Flight.briefMax)
    let answers = try await ask([[(Self.ask, 1)], long, long + [(Self.ask, 1)], [(Self.ask, 1)]]).answers
    #expect(try transactions(answers) == [0, 0, 1, 2])
    #expect(try answers.map { try $0.get().count } == [1, long.count, long.count + 1, 1])
  }

  @Test("one that fails is alone with it: those before it have their answers, those behind it are asked again")
  func failuresAreSeparate() async throws {
    let (answers, counters) = try await ask([
      [(Self.ask, 1)], [(Self.ask, 2), (Self.ask, 0), (Self.ask, 3)], [(Self.ask, 4), (Self.ask, 5)], [(Self.ask, 0)],
      [(Self.ask, 10)],
    ])
    let quotients = answers.map { answer in
      try? answer.get().map { rows in try rows.first.map { (row) throws(PostgresError) in try row.int8(1) } }
    }
    #expect(quotients == [[100], nil, [25, 20], nil, [10]])
    for answer in [answers[1], answers[3]] {
      guard case .failure(.server(let refusal)) = answer else {
        Issue.record("not refused")
        continue
      }
      #expect(refusal.sqlstate == "22012")
    }
    #expect(counters.refused == 2)
    #expect(counters.repeated == 3)
    #expect(counters.underWay == 0)
  }

  @Test("a statement that cannot be prepared spoils nobody's answer, and is prepared when it can be")
  func preparingFails() async throws {
    try await withPool({ $0.connections = 1 }) { pool, _ in
      let later = Statement("later", "SELECT n FROM later", brief: true)
      func both() async -> [Answer] {
        let (answers, told) = AsyncStream<Answer>.makeStream()
        pool.loop.execute {
          pool.submit([(later, [])]) { told.yield($0) }
          pool.submit([(Self.ask, [.int8(1)])]) { told.yield($0) }
        }
        var found: [Answer] = []
        for await answer in answers {
          found.append(answer)
          if found.count == 2 { break }
        }
        return found
      }
      let first = await both()
      #expect(throws: PostgresError.self) { try first[0].get() }
      #expect(try first[1].get().first?.count == 1)
      _ = try await pool.query(Statement("make", "CREATE TABLE later (n int8)"))
      for answer in await both() { _ = try answer.get() }
    }
  }
}
