import Testing

@testable import Node

@Suite("martlet migrate")
struct MigrateTests {
  @Test(
    "takes --citus, and with it a number of shards",
    arguments: [
      ([String](), nil), (["--citus"], 32), (["--citus", "--shards", "1"], 1),
      (["--citus", "--shards", "4096"], 4_096),
    ])
  func taken(_ arguments: [String], _ shards: Int?) throws {
    #expect(try Migrate.wanted(arguments) == shards)
  }

  @Test("says of very many shards what the servers need for them")
  func advice() {
    #expect(Migrate.advice(on: nil) == nil && Migrate.advice(on: 256) == nil)
    #expect(Migrate.advice(on: 1_024)?.contains("max_locks_per_transaction is about 1024") == true)
  }

  @Test(
    "refuses what else is said",
    arguments: [
      ["--citus", "--shards"], ["--citus", "--shards", "0"], ["--citus", "--shards", "4097"], ["--shards", "4"],
      ["--citus", "--shards", "four"], ["now"], ["--citus", "--citus"],
    ])
  func refused(_ arguments: [String]) {
    #expect(throws: StartFailure.self) { try Migrate.wanted(arguments) }
  }
}
