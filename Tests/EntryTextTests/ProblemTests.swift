import ChatCore
import EntryText
import JSONText
import Testing

@Suite("What a refusal is told as")
struct ProblemTests {
  @Test func `a wrong member is named, with what is wrong and why`() throws {
    let fault = ChatCore.Fault(pointer: "/text", code: "too_long", detail: "text must be shorter.")
    let json = try written(Problem(.invalid([fault])))
    #expect(
      json == [
        "type": "urn:martlet:problem:invalid_request", "title": "Bad request", "status": 400,
        "detail": "text must be shorter.", "code": "invalid_request", "request_id": "r-1",
        "errors": [["pointer": "/text", "code": "too_long", "detail": "text must be shorter."]],
      ])
  }

  @Test func `an unknown member gives its name to the whole`() {
    let faults = ["missing", "unknown_member"].map { ChatCore.Fault(pointer: "/a", code: $0, detail: "No.") }
    #expect(Problem(invalid: faults).code == "unknown_member")
    #expect(Problem(invalid: faults).errors == faults)
  }

  @Test func `what may be repeated says when`() throws {
    let json = try written(Problem(.unavailable(.database, retryAfter: 1500)))
    #expect(json["status"]?.integer == 503)
    #expect(json["code"]?.string == "database_unavailable")
    #expect(json["retry_after_ms"]?.integer == 1500)
    #expect(try written(Problem(.conflict(.usernameTaken)))["retry_after_ms"] == nil)
  }

  @Test func `our own mistake tells nothing of itself`() throws {
    let json = try written(Problem(.internalError("password of ada")))
    #expect(!json.text.contains("ada"))
    #expect(json["status"]?.integer == 500)
  }

  @Test func `each has a status, a title and a sentence`() {
    #expect(Problem.known.count >= 25)
    for problem in Problem.known {
      #expect((400..<600).contains(problem.status) && problem.title != "Problem", "\(problem.code)")
      #expect(!problem.detail.isEmpty, "\(problem.code)")
    }
  }

  @Test func `a text too large to be read is told apart from one that is not JSON`() {
    let nothing: [UInt8] = []
    #expect(Problem(JSONError(reason: .tooLarge, offset: 0), in: nothing.span).status == 413)
    for reason in JSONError.Reason.allCases where reason != .tooLarge {
      #expect(Problem(JSONError(reason: reason, offset: 3), in: nothing.span).code == "invalid_json")
    }
  }

  private func written(_ problem: Problem) throws -> JSONValue {
    var writer = JSONWriter()
    problem.write(requestID: "r-1", to: &writer)
    return try JSONValue(parsing: writer.finish())
  }
}
