import ChatCore
import Postgres
import Synchronization
import Testing

@testable import PostgresStore

@Suite("What the database says, in the domain's words")
struct StoreFailureTests {
  @Test(
    "a node of a Citus that has lost the one with the bucket is the database away, and the outcome in doubt",
    arguments: [
      ("08006", "connection to the remote node worker-1:5432 failed", true),
      ("XX000", "server closed the connection unexpectedly", true), ("08003", nil, true),
      ("XX000", "SSL SYSCALL error: EOF detected", true), ("XX000", "SSL error: unexpected eof while reading", true),
      ("XX000", "could not receive data from server: Connection timed out", true),
      ("XX000", "could not send data to server: Broken pipe", true), ("XX000", "Connection reset by peer", true),
      ("XX000", "could not commit transaction for shard 102008 on at least one active node", true),
      ("XX000", "cache lookup failed", false), ("42P01", "relation \"entry\" does not exist", false),
    ])
  func anotherNode(_ state: String, _ message: String?, _ isAway: Bool) {
    let error = PostgresError.server(ServerRefusal(sqlstate: state, statement: "log.send", message: message))
    let said = StoreFailure(report: { _ in })(error)
    #expect((said == .unavailable(.database, retryAfter: 1_000)) == isAway)
    #expect(error.isInDoubt == isAway)
  }

  @Test(
    "what a node of a Citus refused of a COPY, of which only the words come back, is refused as if it had been asked",
    arguments: [
      ("canceling statement due to lock timeout", "55P03"), ("canceling statement due to statement timeout", "57014"),
      ("deadlock detected", "40P01"), ("cache lookup failed", "XX000"),
    ])
  func copied(_ words: String, _ state: String) {
    let error = PostgresError.server(ServerRefusal(sqlstate: "XX000", statement: "members.add", message: words))
    #expect(error.sqlstate == state)
    #expect(error.isWorthRepeating == (state == "40P01") && !error.isInDoubt)
    let said = StoreFailure(report: { _ in })(error)
    #expect((said == .unavailable(.database, retryAfter: 1_000)) == (state != "XX000"))
  }

  @Test("what is refused for now is told with its state and the statement's name, and nothing else is")
  func passing() {
    let told = Mutex<[String]>([])
    let failure = StoreFailure(
      report: { _ in },
      refused: { refusal in told.withLock { $0.append("\(refusal.sqlstate) \(refusal.statement)") } })
    for state in ["57014", "53300", "40001", "40P01", "57P03", "55P03", "25006", "42P01", "23505"] {
      _ = failure(.server(ServerRefusal(sqlstate: state, statement: "log.send")))
    }
    for error in [PostgresError.queueFull, .timeout(sent: true), .unavailable(""), .textWithNUL(parameter: 0)] {
      _ = failure(error)
    }
    let expected = ["57014", "53300", "40001", "40P01", "57P03", "55P03", "25006"].map { $0 + " log.send" }
    #expect(told.withLock { $0 } == expected)
  }
}
