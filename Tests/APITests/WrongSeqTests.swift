import API
import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

/// Whatever takes a `seq` by REST, found by its rows; the sockets' doors are held to the same list.
@Suite struct WrongSeqTests {
  private static let names: Set<String> = ["seq", "before", "after", "around"]

  @Test(arguments: WrongSeqs.literals)
  func `what is no seq is refused by name, in a sentence`(literal: String) async throws {
    let replies = try await replies(to: literal)
    #expect(replies.count == 5, "a row more or less: \(replies.map(\.what))")
    for (what, name, reply) in replies {
      #expect(reply.status == 400, "\(what): \(reply.summary)")
      #expect(reply.faults.map(\.pointer) == ["/" + name], "\(what): \(reply.summary)")
      let sentence = reply.json["errors"]?[0]?["detail"]?.string ?? ""
      #expect(sentence.contains(" ") && sentence.hasSuffix("."), "\(what): \(sentence)")
    }
  }

  @Test func `the largest seq is one, though nothing has it`() async throws {
    let wanted = [
      "markRead seq": "400 invalid_request /seq out_of_range", "listMessages before": "200 -",
      "listMessages after": "200 -", "listMessages around": "200 -", "listEntries after": "200 -",
    ]
    for (what, _, reply) in try await replies(to: WrongSeqs.largest) {
      #expect(reply.summary == wanted[what], "\(what)")
    }
  }

  /// What each row answers to that instead of a `seq`.
  private func replies(to literal: String) async throws -> [(what: String, name: String, reply: Reply)] {
    let door = try await Door.open()
    var replies: [(what: String, name: String, reply: Reply)] = []
    for sample in try await Sample.all(in: door) {
      for field in sample.row.query?.fields ?? [] where Self.names.contains(field.name) {
        var bare = sample
        bare.query = []
        let reply = await door.send(bare.with(query: field.name, literal))
        replies.append(("\(sample.row.name) \(field.name)", field.name, reply))
      }
      guard let caller = sample.caller else { continue }
      for field in sample.fields where Self.names.contains(field.name) {
        let reply = await door.send(
          raw: Array(#"{"\#(field.name)":\#(literal)}"#.utf8), sample.row.method, sample.target,
          headers: ["Content-Type": "application/json", "Authorization": "Bearer " + door.token(caller)])
        replies.append(("\(sample.row.name) \(field.name)", field.name, reply))
      }
    }
    return replies
  }
}
