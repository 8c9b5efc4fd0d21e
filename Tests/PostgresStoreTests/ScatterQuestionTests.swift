import Postgres
import Testing

@testable import PostgresStore

@Suite("A question over several shards")
struct ScatterQuestionTests {
  private static var waiter: ScatterQuestion.Waiter { .init(keys: [ScatterID(bucket: 1, id: 1)]) { _ in } }

  private func question(_ statement: Statement, at now: Int64) -> ScatterQuestion {
    ScatterQuestion(
      .init(name: statement.name, parameters: []), statement, [Self.waiter], at: now, within: 10_000, after: 0)
  }

  @Test("its answer is fresh for a second from the asking on, however late it came")
  func fresh() {
    #expect(question(PostgresUsers.search, at: 5_000).freshUntil == 6_000)
    #expect(question(PostgresLog.heads, at: 5_000).freshUntil == 5_000)
  }

  @Test("nobody joins it who would be refused for the time that others have waited")
  func late() {
    let asked = question(PostgresLog.heads, at: 5_000)
    #expect(asked.deadline == 7_000)
    #expect(asked.joins(Self.waiter, at: 6_000))
    #expect(!asked.joins(Self.waiter, at: 6_001))
    #expect(asked.waiters.count == 2)
  }

  @Test("is halved down to one, and not at all when all want the same")
  func halves() {
    let asked = question(PostgresLog.heads, at: 5_000)
    #expect(asked.halves.isEmpty)
    #expect(asked.joins(Self.waiter, at: 5_000) && asked.halves.isEmpty)
    #expect(asked.joins(.init(keys: [ScatterID(bucket: 2, id: 2)]) { _ in }, at: 5_000))
    #expect(asked.halves.map(\.waiters.count) == [1, 2])
    #expect(asked.halves.allSatisfy { $0.deadline == 7_000 })
  }
}
