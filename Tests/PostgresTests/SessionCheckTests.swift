import Testing

@testable import Postgres

struct SessionCheckTests {
  @Test func `a new session that has prepared statements already, or has lost one, is a pooler's`() {
    for state in ["42P05", "26000"] {
      let error = SessionCheck.meaning(of: .server(ServerRefusal(sqlstate: state, statement: "session.check")))
      guard case .misconfigured(let sentence) = error else {
        Issue.record("\(error)")
        continue
      }
      #expect(sentence.contains(state) && sentence.contains("pooler that shares sessions"))
    }
    for error in [PostgresError.timeout(sent: true), .server(ServerRefusal(sqlstate: "57P01", statement: "a"))] {
      #expect(SessionCheck.meaning(of: error) == error)
    }
  }
}
