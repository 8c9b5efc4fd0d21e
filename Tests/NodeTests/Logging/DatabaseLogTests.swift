import Postgres
import Testing

@testable import Node

/// A cluster that was cut off from PostgreSQL once said nothing of it but `request … 503` at level info.
@Suite("What the log says of PostgreSQL")
struct DatabaseLogTests {
  private let away = PostgresChange.failed(host: "db1:5432", .unavailable("no answer to connecting in time"))

  @Test func `a loss, the first attempt and one in ten seconds are warnings, with how many there were`() {
    let written = WrittenLog(level: .warning)
    let log = DatabaseLog(written.logger)
    for _ in 0..<4 { log.heard(.lost(host: "db1:5432", .timeout(sent: true)), at: 0) }
    for second in 0...10 { log.heard(away, at: Int64(second) * 1_000) }
    log.heard(.failed(host: "db2:5432", .unavailable("refused")), at: 10_000)
    #expect(
      written.lines(4) == [
        "warning database change=lost a connection to db1:5432: no answer in time attempts=1",
        "warning database change=no connection to db1:5432: no answer to connecting in time attempts=1",
        "warning database change=no connection to db1:5432: no answer to connecting in time attempts=10",
        "warning database change=no connection to db2:5432: refused attempts=1",
      ])
  }

  @Test func `a row that cannot be read is an error at once and then every ten seconds`() {
    let written = WrittenLog()
    let log = DatabaseLog(written.logger)
    for second in 0...10 { log.mistaken("database: entry 1: unexpected reply", at: Int64(second) * 1_000) }
    log.mistaken("database: entry 2: unexpected reply", at: 10_000)
    let words = "error the store made a mistake fault=database: entry"
    #expect(
      written.lines(3) == [
        "\(words) 1: unexpected reply times=1", "\(words) 1: unexpected reply times=10",
        "\(words) 2: unexpected reply times=1",
      ])
  }

  @Test func `that a host is back is told once, and only of one that was away`() {
    let written = WrittenLog()
    let log = DatabaseLog(written.logger)
    for _ in 0..<7 { log.heard(.connected(host: "db1:5432"), at: 0) }
    log.heard(away, at: 1_000)
    for _ in 0..<7 { log.heard(.connected(host: "db1:5432"), at: 2_000) }
    log.heard(away, at: 3_000)
    #expect(
      written.lines(3) == [
        "warning database change=no connection to db1:5432: no answer to connecting in time attempts=1",
        "info database change=connected to db1:5432",
        "warning database change=no connection to db1:5432: no answer to connecting in time attempts=1",
      ])
  }

  @Test func `a server that ends each session at once is told of once in ten seconds`() {
    let written = WrittenLog()
    let log = DatabaseLog(written.logger)
    for tenth in 0...100 {
      log.heard(.lost(host: "db1:5432", .lost("closed by the server")), at: Int64(tenth) * 100)
      log.heard(.connected(host: "db1:5432"), at: Int64(tenth) * 100)
    }
    #expect(
      written.lines(4) == [
        "warning database change=lost a connection to db1:5432: closed by the server attempts=1",
        "info database change=connected to db1:5432",
        "warning database change=lost a connection to db1:5432: closed by the server attempts=100",
        "info database change=connected to db1:5432",
      ])
  }

  @Test func `what the server refuses for now is told of each state once in ten seconds, with how often it was`() {
    let written = WrittenLog(level: .warning)
    let log = DatabaseLog(written.logger)
    let late = ServerRefusal(sqlstate: "57014", statement: "log.send_batch", message: "canceling statement")
    for second in 0...10 { log.refused(late, at: Int64(second) * 1_000) }
    log.refused(ServerRefusal(sqlstate: "53300", statement: "users.by_id"), at: 10_500)
    #expect(
      written.lines(3) == [
        "warning database refused sqlstate=57014 statement=log.send_batch refusals=1 reason=canceling statement",
        "warning database refused sqlstate=57014 statement=log.send_batch refusals=10 reason=canceling statement",
        "warning database refused sqlstate=53300 statement=users.by_id refusals=1",
      ])
  }
}
