import EntryText
import Foundation
import JSONText
import Testing

/// The reference page of codes is made from the code; `MARTLET_WRITE_PAGES=1` writes it anew.
@Suite("The page of problems")
struct ProblemsPageTests {
  static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/API/Documentation.docc/Problems.md").standardizedFileURL

  @Test func `lists each code with its status and sentence, as the code has them`() throws {
    let wanted = Self.text
    if ProcessInfo.processInfo.environment["MARTLET_WRITE_PAGES"] != nil {
      try wanted.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let found = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(found == wanted, "run this test with MARTLET_WRITE_PAGES=1, and say in the release notes what changed")
  }

  @Test func `no code has two meanings`() {
    let codes = Schema.problems.map(\.code)
    #expect(Set(codes).count == codes.count)
    for problem in Schema.problems {
      #expect(problem.title != "Problem", "\(problem.code)")
      #expect(problem.code.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil, "\(problem.code)")
    }
  }

  private static var text: String {
    let problems = Schema.problems.sorted { ($0.status, $0.code) < ($1.status, $1.code) }
    let rows = problems.map { "| \($0.status) | `\($0.code)` | \($0.detail) |" }
    let faults = Schema.faultCodes.sorted().map { "`\($0)`" }.joined(separator: ", ")
    return """
      # Problems

      Every refusal is an RFC 9457 problem; its `code` is for programs and never changes its meaning.

      `title` and `detail` are for people and may change. `errors[]` names each wrong member with a JSON pointer and a
      code: \(faults).

      | Status | Code | Says |
      |---|---|---|
      \(rows.joined(separator: "\n"))

      A request that is not HTTP as RFC 9112 has it is answered with the codes of `HTTP1.Refusal` (400, 413, 414, 417,
      431, 501, 505), and the connection is closed. So are `request_timeout` (408), `answer_timeout` (503),
      `too_many_connections` (503), `too_many_connections_of_address` (429), `invalid_handshake` (400, 405),
      `upgrade_required` (426), and for want of room for long bodies `uploads_full` and `answers_full` (503),
      `uploads_of_account_full`, `uploads_of_address_full`, `answers_of_account_full`, `answers_of_address_full` (429).

      """
  }
}
