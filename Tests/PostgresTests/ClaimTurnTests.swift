import Testing

@testable import Postgres

/// How long one in trouble waits for a lock while others want to.
@Suite("A turn of those in trouble")
struct ClaimTurnTests {
  @Test("is the longer the fewer there are, and all have had one within a second, as long as it is worth anything")
  func turns() {
    #expect(PostgresPool.turn(others: 1, atOnce: 2) == PostgresPool.hastyPatience)
    #expect(PostgresPool.turn(others: 19, atOnce: 2) == PostgresPool.hastyPatience)
    #expect(PostgresPool.turn(others: 59, atOnce: 2) == 33)
    for others in 20..<400 {
      let turn = PostgresPool.turn(others: others, atOnce: 2)
      #expect(turn * Int64(others + 1) / 2 <= PostgresPool.roundMost)
    }
    #expect(PostgresPool.turn(others: 4_095, atOnce: 2) == PostgresPool.hastyPatienceLeast)
  }
}
