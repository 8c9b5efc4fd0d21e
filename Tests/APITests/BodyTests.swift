import API
import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("A body is JSON in UTF-8, or refused")
struct BodyTests {
  static let good = #"{"text":"hi"}"#

  @Test(arguments: [
    "application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"",
    "application/json; profile=x",
  ])
  func `is taken as JSON`(type: String) async throws {
    #expect(try await send(Self.good, ["Content-Type": type]) == "201 -")
  }

  @Test(
    arguments: [
      [:], ["Content-Type": ""], ["Content-Type": "text/plain"], ["Content-Type": "application/x-www-form-urlencoded"],
      ["Content-Type": "application/problem+json"], ["Content-Type": "application/json, text/plain"],
      ["Content-Type": "json"], ["Content-Type": "application/json; charset=utf-16"],
      ["Content-Type": "application/json; charset=iso-8859-1"],
      ["Content-Type": "application/json", "content-type": "application/json"],
      ["Content-Type": "application/json", "Content-Encoding": "gzip"],
      ["Content-Type": "application/json", "Content-Encoding": "identity"],
    ] as [HeaderFields])
  func `is not taken`(headers: HeaderFields) async throws {
    #expect(try await send(Self.good, headers) == "415 unsupported_media_type")
  }

  @Test(arguments: [
    "", " ", "{", "{}x", "{'text':'hi'}", #"{"text":"hi",}"#, #"{"text":"hi","text":"ho"}"#, #"{"text":"a\u0000b"}"#,
    #"{"text":"\ud800"}"#, #"{"text":"\x"}"#, "{\"text\":\"a\nb\"}", #"{"text":NaN}"#, #"{"text":01}"#, "\u{FEFF}{}",
    "nul", #"{"reply_to":9007199254740992,"text":"a"}"#, "text=hi", "/**/{}",
    String(repeating: "[", count: 33) + String(repeating: "]", count: 33), String(repeating: "[", count: 100_000),
  ])
  func `is not JSON as it is read here`(body: String) async throws {
    #expect(try await send(body, ["Content-Type": "application/json"]).hasPrefix("400 invalid_json"))
  }

  @Test(arguments: [
    (#"{"text":"a\u0000b"}"#, "/text invalid_format"), (#"{"text":"\ud800"}"#, "/text invalid_format"),
    (#"{"text":"hi","text":"ho"}"#, "/text repeated"), (#"{"reply_to":9007199254740992}"#, "/reply_to out_of_range"),
    (#"{"reply_to":\#(String(repeating: "1", count: 9_000))}"#, "/reply_to too_long"),
    (#"{"text":01}"#, "/text invalid_format"),
  ])
  func `a member that cannot be read is named`(body: String, fault: String) async throws {
    #expect(try await send(body, ["Content-Type": "application/json"]) == "400 invalid_json " + fault)
  }

  @Test(
    arguments: [[0xFF], [0x7B, 0x22, 0xC0, 0xAF, 0x22, 0x3A, 0x31, 0x7D], [0xED, 0xA0, 0x80], [0x00]] as [[UInt8]])
  func `is not UTF-8`(body: [UInt8]) async throws {
    let (door, target, headers) = try await open(["Content-Type": "application/json"])
    #expect(await door.send(raw: body, .post, target, headers: headers).code == "invalid_json")
  }

  @Test(arguments: [
    ("[]", "400 invalid_request  wrong_type"), ("null", "400 invalid_request  wrong_type"),
    ("\"text\"", "400 invalid_request  wrong_type"), ("7", "400 invalid_request  wrong_type"),
    ("{}", "400 invalid_request /text missing"), (#"{"text":" "}"#, "400 invalid_request /text not_allowed"),
    (#"{"text":"\u0001"}"#, "400 invalid_request /text not_allowed"),
    (#"{"Text":"hi"}"#, "400 unknown_member /text missing /Text unknown_member"),
  ])
  func `is JSON but not what was asked for`(body: String, summary: String) async throws {
    #expect(try await send(body, ["Content-Type": "application/json"]) == summary)
  }

  @Test func `nothing at all is told as such, and is enough where a body may be left out`() async throws {
    #expect(try await send("", [:]) == "400 invalid_json")
    let door = try await Door.open()
    let path = "/v1/conversations/\(try await door.stage.cast.group().id.rawValue)/members/"
    #expect(await door.send(.put, path + "\(door.stage.eve.user.rawValue)", as: door.stage.ada).status == 200)
  }

  @Test func `more than a body may have is too large`() async throws {
    let body = "\"" + String(repeating: "x", count: JSONLimits.body.bytesMax) + "\""
    #expect(try await send(body, ["Content-Type": "application/json"]) == "413 body_too_large")
  }

  @Test func `a thousand unknown members have a short answer`() async throws {
    let members = (0..<1000).map { "\"m\($0)\":1" }.joined(separator: ",")
    let (door, target, headers) = try await open(["Content-Type": "application/json"])
    let reply = await door.send(raw: Array("{\(members)}".utf8), .post, target, headers: headers)
    #expect(reply.status == 400)
    #expect(reply.faults.count == ShapeErrors.faultsMax)
  }

  private func send(_ body: String, _ headers: HeaderFields) async throws -> String {
    let (door, target, headers) = try await open(headers)
    return await door.send(raw: Array(body.utf8), .post, target, headers: headers).summary
  }

  private func open(_ headers: HeaderFields) async throws -> (Door, String, HeaderFields) {
    let door = try await Door.open()
    var headers = headers
    headers.append("Authorization", "Bearer " + door.token(door.stage.ada))
    return (door, "/v1/conversations/\(try await door.stage.cast.group().id.rawValue)/messages", headers)
  }
}
