import ChatCore
import Foundation
import Testing

@testable import Importing

@Suite("Records")
struct RecordTests {
  private static let moment = #""created_at":"2023-05-04T10:00:00Z""#

  private func refusal(_ text: String) -> String? {
    do throws(Refusal) {
      _ = try Record(LineReader.Line(number: 1, bytes: Array(text.utf8)))
      return nil
    } catch {
      return error.sentence
    }
  }

  @Test(
    "what is wrong is told with its member",
    arguments: [
      ("", "The text is empty."), ("[]", "must be an object"), (#"{"type":"user""#, "The text ends too early."),
      (#"{"type":"room"}"#, "/type: "), (#"{"key":"1"}"#, "/type: "),
      ("null", "must be an object"), (#"{"type":"user","key":"1","username":"a"}"#, "/password: "),
      (#"{"type":"user","key":"1","username":"a","password":"x","password_hash":"y"}"#, "/password: "),
      (#"{"type":"user","key":1,"username":"a","password":"x"}"#, "/key: "),
      (#"{"type":"user","key":"","username":"a","password":"x"}"#, "/key: "),
      (#"{"type":"user","key":"1","username":"a\u0000","password":"x"}"#, "/username: "),
      (#"{"type":"user","key":"1","username":"a","password":"x","role":"king"}"#, "/role: "),
      (#"{"type":"user","key":"1","username":"a","password":"x","existing":"maybe"}"#, "/existing: "),
      (#"{"type":"user","key":"1","username":"a","password":"x","created_at":"2023-05-04 10:00:00"}"#, "/created_at: "),
      (#"{"type":"user","key":"1","username":"a","password":"x","attributes":{"a":1}}"#, "/attributes/a: "),
      (#"{"type":"contact","of":"1","to":"2"}"#, "/state: "),
      (#"{"type":"contact","of":"1","to":"2","state":"requesting"}"#, "/state: "),
      (#"{"type":"contact","of":"1","to":"2","state":"new","blocked":"yes"}"#, "/blocked: "),
      (#"{"type":"group","key":"1","title":"t","owner":"1"}"#, "/created_at: "),
      (#"{"type":"group","key":"1","title":"t","owner":"1","members":["2"],"# + moment + "}", "/members/0: "),
      (
        #"{"type":"group","key":"1","title":"t","owner":"1","members":[{"user":"2","role":"king"}],"# + moment + "}",
        "/members/0/role: "
      ),
      (#"{"type":"message","key":"1","from":"1","text":"t","# + moment + "}", "/to: "),
      (#"{"type":"message","key":"1","from":"1","to":"2","group":"3","text":"t","# + moment + "}", "/to: "),
      (#"{"type":"message","key":"1","from":"1","to":"2","lobby":true,"text":"t","# + moment + "}", "/to: "),
      (#"{"type":"message","from":"1","to":"2","text":"t","# + moment + "}", "/key: "),
      (#"{"type":"message","key":"1","from":"1","to":"2","text":"","# + moment + "}", "/text: "),
      (#"{"type":"message","key":"1","from":"1","to":"2","text":"t"}"#, "/created_at: "),
      (
        #"{"type":"message","key":"1","from":"1","to":"2","text":"t","message_type":"smell","# + moment + "}",
        "/message_"
      ),
    ])
  func wrong(text: String, told: String) throws {
    let sentence = try #require(refusal(text))
    #expect(sentence.contains(told) && !sentence.hasPrefix(":"))
    #expect(!sentence.contains("king") && !sentence.contains("maybe"), "nothing of what it says is repeated")
  }

  @Test("the sample of the module's page is as the reader has it")
  func sample() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Importing/Documentation.docc/Importing.md")
    let page = try String(contentsOf: path, encoding: .utf8)
    let block = try #require(page.components(separatedBy: "```json\n").dropFirst().first).prefix { $0 != "`" }
    let records = block.replacing("\n ", with: " ").split(separator: "\n")
    #expect(records.count == 7)
    for record in records { #expect(refusal(String(record)) == nil, "\(record)") }
  }

  @Test("a line that was too long says so")
  func tooLong() {
    #expect(throws: Refusal("The line has more than 262144 bytes.")) {
      try Record(LineReader.Line(number: 7, bytes: nil))
    }
  }

  @Test("all members of a user and a message are read")
  func whole() throws {
    let user = #"""
      {"type":"user","key":"u1","username":"ada","password_hash":"$2b$","display_name":"Ada","email":"a@b","avatar_url":
      "/a.png","attributes":{"fname":"Ada"},"created_at":"2023-05-04T10:00:00.5Z","existing":"reuse"}
      """#
    guard case .user(let ada) = try Record(.init(number: 1, bytes: Array(user.utf8))) else {
      return #expect(Bool(false))
    }
    #expect(ada.displayName == "Ada" && ada.email == "a@b" && ada.avatarURL == "/a.png" && ada.existing == .reuse)
    #expect(ada.attributes == ["fname": "Ada"] && ada.createdAt == Timestamp(rfc3339: "2023-05-04T10:00:00.500Z"))
    if case .hash("$2b$") = ada.password {} else { Issue.record("the hash") }
    let message = #"""
      {"type":"message","key":"m1","from":"u1","group":"g","text":"a.png","message_type":"image","reply_to":"m0",
      "created_at":"2023-05-04T10:00:00Z","edited_at":"2023-05-04T11:00:00Z"}
      """#
    guard case .message(let said) = try Record(.init(number: 1, bytes: Array(message.utf8))) else {
      return #expect(Bool(false))
    }
    #expect(said.type == .image && said.replyTo == "m0" && said.editedAt != nil)
    if case .group("g") = said.place {} else { Issue.record("the group") }
  }
}
