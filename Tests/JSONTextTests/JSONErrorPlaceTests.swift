import JSONText
import Testing

@Suite("A JSON error's place")
struct JSONErrorPlaceTests {
  @Test(
    "names the member",
    arguments: [
      (#"{"text":"a\u0000"}"#, "/text"), (#"{"a":1,"d":{"b":[1,{"c":"\ud800"}]}}"#, "/d/b/1/c"),
      (#"{"reply_to":9007199254740993}"#, "/reply_to"), (#"{"reply_to":-01}"#, "/reply_to"),
      (#"{"a":[1,2,1e999]}"#, "/a/2"), (#"[[0],[0,"\q"]]"#, "/1/1"), (#""\u0000""#, ""), ("1e999", ""),
      (#"{"role":"a","role":"b"}"#, "/role"), (#"{"d":{"x":{},"y":[],"x":1}}"#, "/d/x"),
      (#"{"a/b~c":{"\u0041":"\u0000"}}"#, "/a~1b~0c/A"), (#"{"a\u0000":1}"#, ""), (#"{"x":{"a\u0000":1}}"#, "/x"),
      (#"{"a\"b":"\u0000"}"#, "/a\"b"), (#"{"a":"}]{[,\"","b":"\u0000"}"#, "/b"),
      (#"{"n":11111111111111111111111111111111111111111111111111111111111111111111111111111111}"#, "/n"),
    ])
  func pointer(text: String, pointer: String) {
    #expect(place(Array(text.utf8)) == pointer)
  }

  @Test("is told of bytes that are no UTF-8 too")
  func notUTF8() {
    #expect(place(Array(#"{"a":1,"text":"x"#.utf8) + [0xFF] + Array(#""}"#.utf8)) == "/text")
  }

  @Test(
    "is nil when it is the text that is wrong",
    arguments: ["", "{", "{]", "{\"a\":1,}", "{} x", "\u{FEFF}{}", "nul"])
  func whole(text: String) {
    #expect(place(Array(text.utf8)) == nil)
  }

  @Test("cuts a name that is too long to be told")
  func longName() {
    let name = String(repeating: "n", count: 100_000)
    let pointer = place(Array("{\"\(name)\":\"\\u0000\"}".utf8))
    #expect((pointer?.utf8.count ?? 0) < 100)
  }

  @Test("is found for whatever is refused, wherever it is cut or bent")
  func garbage() {
    let text = Array(#"{"a":[1,{"b":"\u0041\\"},"c"],"d":{"e":9007199254740993,"f":"\ud83d\ude00"}}"#.utf8)
    var dice = SystemRandomNumberGenerator()
    for end in 0...text.count {
      _ = place(Array(text[..<end]))
      for _ in 0..<20 {
        var bent = text
        bent[Int.random(in: 0..<bent.count, using: &dice)] = UInt8.random(in: .min ... .max, using: &dice)
        _ = place(bent)
      }
    }
  }

  /// What the error that this text gives says of its place.
  private func place(_ bytes: [UInt8]) -> String? {
    do throws(JSONError) {
      _ = try JSONValue(parsing: bytes)
      return nil
    } catch {
      return error.fault(in: bytes.span)?.pointer
    }
  }
}
