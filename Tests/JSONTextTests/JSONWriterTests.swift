import JSONText
import Testing

@Suite("Writing JSON") struct JSONWriterTests {
  @Test("the writer sets commas and leaves the order to the caller")
  func commas() {
    var writer = JSONWriter(appendingTo: Array("> ".utf8))
    writer.object {
      $0.member("id", 7 as Int64?)
      $0.member("none", nil as String?)
      $0.member("ok", true)
      $0.member("d", object: { $0.member("text", "hi") })
      $0.key("list")
      $0.array {
        $0.int(1)
        $0.array { _ in }
        $0.object { _ in }
        $0.null()
        $0.double(1.5)
        $0.double(.nan)
      }
      $0.member("raw", raw: Array("[1]".utf8))
      $0.key(named: "a\"<")
      $0.raw("{}")
    }
    let text = String(decoding: writer.finish(), as: UTF8.self)
    let start = #"> {"id":7,"none":null,"ok":true,"d":{"text":"hi"},"list":[1,[],{},null,1.5,null],"#
    #expect(text == start + #""raw":[1],"a\"\u003c":{}}"#)
  }

  @Test(
    "integers are written to their last digit", arguments: [0, 1, -1, 9, 10, 99, 100, Int64.max, .min, -10, 1_000_000])
  func integers(value: Int64) {
    var writer = JSONWriter()
    writer.int(value)
    #expect(String(decoding: writer.finish(), as: UTF8.self) == String(value))
  }

  @Test("all digits of all numbers below 20,000, and of those around each power of ten, are right")
  func digits() {
    var power: Int64 = 1
    let powers = (0...18).flatMap { _ in
      defer { power = power.multipliedReportingOverflow(by: 10).partialValue }
      return [power - 1, power, power + 1, -power, power / 3 * 7]
    }
    var writer = JSONWriter()
    let numbers = (0..<20_000) + powers
    writer.array { for number in numbers { $0.int(number) } }
    let expected = "[" + numbers.map(String.init).joined(separator: ",") + "]"
    #expect(writer.finish() == Array(expected.utf8))
  }

  @Test("every character is escaped or kept wherever it stands, and read back the same")
  func everyPlace() throws {
    let scalars = (1...0x2100).compactMap { Unicode.Scalar($0 as Int) } + ["\u{FFFD}", "\u{1F600}", "\u{10FFFF}"]
    for scalar in scalars {
      for offset in [0, 3, 7, 8, 15] {
        let text = String(repeating: "x", count: offset) + String(Character(scalar)) + "yz"
        var writer = JSONWriter()
        writer.string(text)
        let bytes = writer.finish()
        let back = try JSONValue(parsing: bytes).string
        #expect(back.map { Array($0.utf8) } == Array(text.utf8), "U+\(String(scalar.value, radix: 16)) at \(offset)")
        #expect(!bytes.contains { $0 < 0x20 || "<>&".utf8.contains($0) })
      }
    }
  }

  @Test("what is written in one go says the same as what is written member by member, whatever the texts")
  func room() {
    let scalars = (1...0x2100).compactMap { Unicode.Scalar($0 as Int) }
    for (number, scalar) in scalars.enumerated() {
      let around = (String(repeating: "x", count: number % 35), String(repeating: "y", count: number % 19))
      let text = around.0 + String(Character(scalar)) + around.1
      let (one, two) = (text.utf8.span, "plain".utf8.span)
      let value = Int64(number) * (number % 2 == 0 ? 1 : -1) << (number % 40)
      var filled = JSONWriter(appendingTo: Array("> ".utf8))
      let length = JSONRoom.length(of: one)
      filled.beginArray()
      for _ in 0..<2 {
        filled.fill(150 + length) { room in
          room.open()
          room.int("id", value)
          room.open("by")
          room.int("none", nil)
          room.close()
          room.text("text", one, length)
          room.plain("plain", two)
          room.spelled("list", "[]")
          room.raw("raw", Array("[1]".utf8))
          room.close()
        }
      }
      filled.endArray()
      var written = JSONWriter(appendingTo: Array("> ".utf8))
      written.array { writer in
        for _ in 0..<2 {
          writer.object {
            $0.member("id", value)
            $0.member("by", object: { $0.member("none", nil as Int64?) })
            $0.member("text", text)
            $0.member("plain", "plain")
            $0.member("list", spelled: "[]")
            $0.member("raw", raw: Array("[1]".utf8))
          }
        }
      }
      #expect(filled.finish() == written.finish(), "\(text.debugDescription)")
    }
  }

  @Test("a value that is spelled nearly whole in the source says the same, whatever the texts")
  func spelled() {
    for number in 0..<0x300 {
      let scalar = Unicode.Scalar(UInt8(truncatingIfNeeded: number))
      let text = String(repeating: "x", count: number % 35) + String(Character(scalar))
      let length = JSONRoom.length(of: text.utf8.span)
      let value = Int64(number) * (number % 2 == 0 ? 1 : -1) << (number % 40)
      var filled = JSONWriter()
      var written = JSONWriter()
      filled.beginArray()
      written.beginArray()
      for _ in 0..<2 {
        filled.fill(150 + length) { room in
          room.begin("{\"id\":")
          room.int(value)
          room.spelled(",\"text\":")
          room.text(text.utf8.span, length)
          room.spelled(",\"plain\":")
          room.plain("plain".utf8.span)
          room.spelled("}")
        }
        written.object {
          $0.member("id", value)
          $0.member("text", text)
          $0.member("plain", "plain")
        }
      }
      filled.endArray()
      written.endArray()
      #expect(filled.finish() == written.finish(), "\(text.debugDescription)")
    }
  }

  @Test("text that would end a script element or a line of script does not stand in the output")
  func harmless() {
    let value: JSONValue = "</script><img onerror='x'>\u{2028}&amp;\u{2029}"
    #expect(value.text == #""\u003c/script\u003e\u003cimg onerror='x'\u003e\u2028\u0026amp;\u2029""#)
  }

  @Test("UTF-8 bytes are written like the string that they spell")
  func utf8() {
    let bytes = Array("a\"é\u{2028}".utf8)
    var writer = JSONWriter()
    writer.string(utf8: bytes.span)
    #expect(String(decoding: writer.finish(), as: UTF8.self) == #""a\"é\u2028""#)
  }

  @Test("a member is written in one step as its name and its value are in two")
  func members() {
    let texts = ["", "plain", "a\"é\u{2028}", String(repeating: "x", count: 1_000)]
    let integers = [0, -7, Int64.min, .max]
    var (one, two) = (JSONWriter(values: 2), JSONWriter())
    one.object { writer in
      for text in texts {
        writer.member("text", text)
        writer.member("utf8", utf8: Array(text.utf8).span)
      }
      for integer in integers { writer.member("n", integer) }
      writer.member("no", nil as Int64?)
      writer.member("is", false)
    }
    two.object { writer in
      for text in texts {
        for name in ["text", "utf8"] {
          writer.key(named: name)
          writer.string(text)
        }
      }
      for integer in integers {
        writer.key("n")
        writer.int(integer)
      }
      writer.key("no")
      writer.null()
      writer.key("is")
      writer.bool(false)
    }
    #expect(one.finish() == two.finish())
    #expect(JSONWriter(values: .max).finish().isEmpty && JSONWriter(values: .min).finish().isEmpty)
  }
}
