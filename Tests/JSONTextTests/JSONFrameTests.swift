import JSONText
import Testing

/// A frame together with the bytes that it was scanned from; the test macros cannot hold a span.
private struct Scanned {
  let frame: JSONFrame
  let bytes: [UInt8]

  init(_ text: String) throws(JSONError) {
    let bytes = Array(text.utf8)
    self.init(try JSONFrame(scanning: bytes.span), bytes)
  }

  private init(_ frame: JSONFrame, _ bytes: [UInt8]) {
    self.frame = frame
    self.bytes = bytes
  }

  func slice(_ name: StaticString) -> JSONSlice? { frame.slice(name, in: bytes.span) }
  func string(_ name: StaticString) -> String? { slice(name)?.string(in: bytes.span) }
  func integer(_ name: StaticString) -> Int64? { slice(name)?.integer(in: bytes.span) }
  func value(_ name: StaticString) throws(JSONError) -> JSONValue? { try slice(name)?.value(in: bytes.span) }
  func name(at place: Int) -> String? { frame.name(at: place, in: bytes.span) }
  func within(_ name: StaticString) throws(JSONError) -> Scanned? {
    guard let inner = try slice(name)?.frame(in: bytes.span) else { return nil }
    return Scanned(inner, bytes)
  }
}

private func scan(_ text: String) throws(JSONError) -> Scanned { try Scanned(text) }

@Suite("Scanning frames") struct JSONFrameTests {
  private static let data = #"{"conversation":5121,"text":"h\u0069","on":true,"x":[1,{"y":null}],"f":1.0}"#
  private static let send = #" { "id":"7", "op" : "message.send","d":\#(data)} "#

  @Test("members are found by name and read when asked")
  func dispatch() throws {
    let top = try scan(Self.send)
    #expect(top.frame.count == 3)
    #expect(top.string("id") == "7")
    #expect(top.string("op") == "message.send")
    #expect(top.slice("nope") == nil)
    #expect(top.name(at: 1) == "op")
    #expect(top.name(at: 3) == nil)
    let data = try #require(try top.within("d"))
    #expect(data.integer("conversation") == 5121)
    #expect(data.string("text") == "hi")
    #expect(try data.value("on") == true)
    #expect(data.slice("f")?.kind == .number)
    #expect(try data.value("x") == [1, ["y": nil]])
    #expect(try top.value("id") == "7")
  }

  @Test("an empty object is a frame without members")
  func empty() throws {
    #expect(try scan("{}").frame.count == 0)
  }

  @Test(
    "what the parser refuses, the scanner refuses at the same byte",
    arguments: [
      "", " ", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":[1,]}"#, #"{"a":01}"#, #"{"a":1e400}"#,
      #"{"a":9007199254740993}"#, #"{"a":"\ud800"}"#, #"{"a":"\u0000"}"#, "{\"a\":\"\u{1}\"}", #"{"a":1}x"#,
      #"{"a":nul}"#,
      #"{"a":1,"a":2}"#, #"{"a":{"b":tru}}"#, "{\"a\":" + String(repeating: "[", count: 40),
    ])
  func refused(text: String) {
    let parsed = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    let scanned = #expect(throws: JSONError.self) { try scan(text) }
    #expect(parsed?.reason == scanned?.reason)
    #expect(parsed?.reason == .duplicateName || parsed == scanned)
  }

  @Test("a frame is an object", arguments: ["[]", "1", "null", "\"x\""])
  func notObject(text: String) {
    #expect { try scan(text) } throws: { ($0 as? JSONError)?.reason == .notObject }
  }

  @Test("a name with an escape is refused, so that no name can hide")
  func escapedName() {
    #expect { try scan(#"{"\u0069d":1}"#) } throws: { ($0 as? JSONError)?.reason == .escapedName }
  }

  @Test("twelve members are scanned, thirteen are refused")
  func members() throws {
    func frame(_ count: Int) -> String { "{" + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}" }
    #expect(try scan(frame(JSONFrame.membersMax)).frame.count == 12)
    #expect { try scan(frame(13)) } throws: { ($0 as? JSONError)?.reason == .tooManyMembers }
  }

  @Test("a name repeated deeper is found when the deeper object is scanned")
  func deeperDuplicate() throws {
    let top = try scan(#"{"d":{"a":1,"a":2}}"#)
    #expect { try top.within("d") } throws: {
      ($0 as? JSONError)?.reason == .duplicateName
    }
  }

  @Test("slices asked with other bytes answer nothing and do not trap")
  func otherBytes() throws {
    let top = try scan(Self.send)
    let other = Array("{}".utf8)
    let slice = try #require(top.slice("d"))
    let answers = [
      slice.string(in: other.span), try slice.frame(in: other.span).map { "\($0.count)" },
      top.frame.slice("id", in: other.span).map { "\($0)" }, top.frame.name(at: 0, in: other.span),
    ]
    #expect(answers == [nil, nil, nil, nil])
  }

  @Test("scanning a message costs about what the notes say (printed, not judged)")
  func cost() {
    let said = "See you at the station at eight, platform four, bring the tickets"
    let data = #"{"conversation":5121,"text":"\#(said)","client_message_id":"c-000123"}"#
    let bytes = Array(#"{"id":"7","op":"message.send","d":\#(data)}"#.utf8)
    let clock = ContinuousClock()
    var best = Duration.seconds(1)
    for _ in 0..<20 {
      let time = clock.measure {
        for _ in 0..<1000 { if (try? JSONFrame(scanning: bytes.span))?.count != 3 { Issue.record("not three") } }
      }
      best = min(best, time / 1000)
    }
    print("JSONFrame: \(bytes.count) bytes in \(best)")
  }
}
