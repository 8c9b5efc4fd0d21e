import ChatCore
import EntryText
import JSONText
import Testing

@testable import Realtime

@Suite struct ClientFrameTests {
  private func read(_ text: String, _ limits: RealtimeLimits = RealtimeLimits()) -> ClientFrame.Reading {
    let bytes = Array(text.utf8)
    return ClientFrame.read(bytes.span, limits: limits)
  }

  @Test func `a request is its id, its operation and its data`() throws {
    guard case .request(let frame) = read(#" {"d":{"text":"hi"} , "op":"message.send","id":"7"} "#) else {
      Issue.record("not read")
      return
    }
    #expect(frame.id == "7")
    #expect(frame.operation == "message.send")
    #expect(frame.data["text"]?.string == "hi")
  }

  @Test func `data may be left out`() {
    guard case .request(let frame) = read(#"{"id":"7","op":"resume"}"#) else {
      Issue.record("not read")
      return
    }
    #expect(frame.data == .object(JSONObject()))
  }

  @Test(arguments: [
    "", "hi", "[]", "7", "null", #""x""#, "{", #"{"id":"7""#, #"{"id":"7","op":"x"} x"#, #"{"id":'7'}"#,
    "{\"id\":\"\u{1}\"}",
    #"{"id":"7",}"#, "\u{FEFF}{}",
  ])
  func `what is no JSON object is not our protocol`(text: String) {
    guard case .broken = read(text) else {
      Issue.record("\(read(text))")
      return
    }
  }

  @Test(arguments: [
    (#"{"op":"x"}"#, nil, "/id", "missing"), (#"{"id":7,"op":"x"}"#, nil, "/id", "wrong_type"),
    (#"{"id":null,"op":"x"}"#, nil, "/id", "wrong_type"), (#"{"id":"","op":"x"}"#, nil, "/id", "too_short"),
    (#"{"id":"7"}"#, "7", "/op", "missing"), (#"{"id":"7","op":3}"#, "7", "/op", "wrong_type"),
    (#"{"id":"7","op":"x","d":[]}"#, "7", "/d", "wrong_type"),
    (#"{"id":"7","op":"x","d":null}"#, "7", "/d", "wrong_type"),
    (#"{"id":"7","op":"x","e":1}"#, "7", "/e", "unknown_member"),
  ])
  func `a wrong member is named`(text: String, id: String?, pointer: String, code: String) {
    guard case .refused(let re, let problem) = read(text) else {
      Issue.record("\(read(text))")
      return
    }
    #expect(re == id)
    #expect(problem.errors.map(\.pointer) == [pointer])
    #expect(problem.errors.map(\.code) == [code])
    #expect(problem.status == 400)
  }

  @Test func `an id at the limit is taken, one past it is refused`() {
    let most = RealtimeLimits().idBytesMax
    guard case .request = read(#"{"id":"\#(String(repeating: "x", count: most))","op":"x"}"#),
      case .refused(nil, let problem) = read(#"{"id":"\#(String(repeating: "x", count: most + 1))","op":"x"}"#)
    else {
      Issue.record("wrong")
      return
    }
    #expect(problem.errors.first?.code == "too_long")
  }

  @Test(arguments: [
    (#"{"id":"7","op":"x","op":"y"}"#, "7", "/op"), (#"{"id":"7","id":"8","op":"x"}"#, nil, "/id"),
    (#"{"id":"7","op":"x","d":{"text":"\u0000"}}"#, "7", "/text"),
    (#"{"op":"x","d":{"id":"9","text":"\u0000"},"id":"7"}"#, "7", "/text"),
    (#"{"id":"7","op":"x","d":{"n":1e400}}"#, "7", "/n"), (#"{"id":"7","op":"x","d":{"a":1,"a":2}}"#, "7", "/a"),
  ])
  func `JSON that is not read here is refused under its id, and the member is named`(
    text: String, id: String?, pointer: String
  ) {
    guard case .refused(let re, let problem) = read(text) else {
      Issue.record("\(read(text))")
      return
    }
    #expect(re == id)
    #expect(problem.code == "invalid_json")
    #expect(problem.errors.map(\.pointer) == [pointer])
  }

  @Test func `a frame at the limit is read, one past it is not`() {
    var limits = RealtimeLimits()
    let text = #"{"id":"7","op":"x"}"#
    limits.frameBytesMax = text.utf8.count
    guard case .request = read(text, limits), case .broken = read(text + " ", limits) else {
      Issue.record("wrong")
      return
    }
  }

  @Test func `bytes that are no text do no harm`() {
    var dice = SystemRandomNumberGenerator()
    let alphabet = Array(#"{}[]",:\id0op7 d\u0000"#.utf8) + [0xFF, 0xC3]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &dice)).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
      _ = ClientFrame.read(bytes.span, limits: RealtimeLimits())
      _ = FrameID.find(in: bytes.span, RealtimeLimits())
    }
  }
}
