import JSONText
import Testing

/// Texts and their values; read one way and written the other.
private let accepted: [(text: String, value: JSONValue)] = [
  ("null", nil),
  ("true", true),
  ("false", false),
  ("0", 0),
  ("-1", -1),
  ("9007199254740991", 9_007_199_254_740_991),
  ("-9007199254740991", -9_007_199_254_740_991),
  ("1.5", 1.5),
  (#""""#, ""),
  (#""hi""#, "hi"),
  (#""\"\\\b\f\n\r\t""#, "\"\\\u{8}\u{c}\n\r\t"),
  (#""\u001f""#, "\u{1f}"),
  (#""\u003c\u003e\u0026\u2028\u2029""#, "<>&\u{2028}\u{2029}"),
  (#""é Ω 😀 …""#, "é Ω 😀 …"),
  ("[]", []),
  ("[[],[[]]]", [[], [[]]]),
  ("{}", [:]),
  (#"{"a":1,"b":[true,null],"":{"x":"y"}}"#, ["a": 1, "b": [true, nil], "": ["x": "y"]]),
  (#"{"__proto__":1,"constructor":2}"#, ["__proto__": 1, "constructor": 2]),
]

/// Texts that are read but not written so.
private let alsoAccepted: [(text: String, value: JSONValue)] = [
  (" \t\r\n1 \t\r\n", 1),
  ("-0", .number(-0.0)),
  ("1.0", .number(1)),
  ("1e2", .number(100)),
  ("1E+2", .number(100)),
  ("123.456e-78", .number(123.456e-78)),
  ("1e-400", .number(0)),
  ("5e-324", .number(Double.leastNonzeroMagnitude)),
  ("1.7976931348623157e308", .number(Double.greatestFiniteMagnitude)),
  (#""\/\u0041\u00e9\uD83D\uDE00\ud83d\ude00""#, "/Aé😀😀"),
  (#"{ "a" : [ 1 , 2 ] }"#, ["a": [1, 2]]),
  (#"{"\u0061":1}"#, ["a": 1]),
]

private let refused: [(text: String, reason: JSONError.Reason, offset: Int)] = [
  ("", .empty, 0), ("   ", .empty, 3),
  ("1 2", .trailingBytes, 2), ("{}}", .trailingBytes, 2), ("truex", .trailingBytes, 4),
  ("[1,]", .trailingComma, 3), (#"{"a":1,}"#, .trailingComma, 7), ("[,1]", .unexpectedByte, 1),
  ("[1,,2]", .unexpectedByte, 3),
  ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), (#"{"a""#, .unexpectedEnd, 4), (#"{"a":"#, .unexpectedEnd, 5),
  ("[1 2]", .unexpectedByte, 3), ("{1:2}", .unexpectedByte, 1), ("{a:1}", .unexpectedByte, 1),
  ("{'a':1}", .unexpectedByte, 1),
  (#"{"a" 1}"#, .unexpectedByte, 5), ("[1}", .unexpectedByte, 2), ("]", .unexpectedByte, 0),
  ("// x\n1", .unexpectedByte, 0), ("/* */1", .unexpectedByte, 0), ("1/**/", .trailingBytes, 1),
  ("NaN", .unexpectedByte, 0), ("Infinity", .unexpectedByte, 0), ("-Infinity", .badNumber, 1),
  ("nul", .unexpectedEnd, 3),
  ("nule", .unexpectedByte, 3), ("True", .unexpectedByte, 0),
  ("01", .badNumber, 0), ("-01", .badNumber, 1), ("00", .badNumber, 0), ("+1", .unexpectedByte, 0),
  (".5", .unexpectedByte, 0),
  ("1.", .unexpectedEnd, 2), ("1.e5", .badNumber, 2), ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3),
  ("-", .unexpectedEnd, 1),
  ("0x10", .trailingBytes, 1), ("1_000", .trailingBytes, 1), ("١", .unexpectedByte, 0),
  ("9007199254740992", .numberOutOfRange, 0), ("-9007199254740992", .numberOutOfRange, 0),
  ("9007199254740993", .numberOutOfRange, 0), ("[99999999999999999999]", .numberOutOfRange, 1),
  ("1e400", .numberOutOfRange, 0), ("-1e400", .numberOutOfRange, 0),
  (#"{"a":1,"a":2}"#, .duplicateName, 7), (#"{"a":1,"\u0061":2}"#, .duplicateName, 7),
  (#"[{"":1,"":1}]"#, .duplicateName, 7),
  (#""\u0000""#, .nulCharacter, 7), (#"{"\u0000":1}"#, .nulCharacter, 8), ("\"\u{0}\"", .nulCharacter, 1),
  ("\"\u{1}\"", .controlCharacter, 1), ("\"a\nb\"", .controlCharacter, 2),
  ("\"12345678\tabcdefgh\"", .controlCharacter, 9),
  (#""\x""#, .badEscape, 2), (#""\'""#, .badEscape, 2), (#""\u12""#, .badEscape, 5), (#""\u12g4""#, .badEscape, 5),
  (#""\U0041""#, .badEscape, 2),
  (#""\ud800""#, .loneSurrogate, 7), (#""\udc00""#, .loneSurrogate, 7), (#""\ud800\u0041""#, .loneSurrogate, 13),
  (#""\ud800x""#, .loneSurrogate, 7), (#""\ud800\ud800""#, .loneSurrogate, 13), (#""\ud800\n""#, .loneSurrogate, 7),
  (#""abc"#, .unexpectedEnd, 4), (#""abc\"#, .unexpectedEnd, 5), (#""\u00"#, .unexpectedEnd, 5),
  ("\u{FEFF}1", .byteOrderMark, 0), ("\u{A0}1", .unexpectedByte, 0), ("1\u{B}", .trailingBytes, 1),
]

private let refusedBytes: [(bytes: [UInt8], reason: JSONError.Reason)] = [
  ([0x22, 0xFF, 0x22], .notUTF8), ([0x22, 0xC0, 0xAF, 0x22], .notUTF8), ([0x22, 0xE0, 0x80, 0x80, 0x22], .notUTF8),
  ([0x22, 0xED, 0xA0, 0x80, 0x22], .notUTF8), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .notUTF8),
  ([0x22, 0xE2, 0x82], .notUTF8), ([0x22, 0x80, 0x22], .notUTF8), ([0xFF, 0xFE, 0x31, 0x00], .notUTF8),
  ([0x31, 0x00], .trailingBytes), ([0x00, 0x31], .unexpectedByte),
]

@Suite("JSON values") struct JSONValueTests {
  @Test("each text has its value, and the value is written as that text", arguments: accepted)
  func both(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
    #expect(value.text == text)
  }

  @Test("each text has its value, though another spelling is written", arguments: alsoAccepted)
  func read(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test("a wrong text is refused with the reason and the byte", arguments: refused)
  func refuse(text: String, reason: JSONError.Reason, offset: Int) {
    #expect(throws: JSONError(reason: reason, offset: offset)) { try JSONValue(parsing: text) }
  }

  @Test("bytes that are not UTF-8 are refused", arguments: refusedBytes)
  func refuseBytes(bytes: [UInt8], reason: JSONError.Reason) {
    #expect { try JSONValue(parsing: bytes) } throws: { ($0 as? JSONError)?.reason == reason }
  }

  @Test("a text cut short is never accepted as another value", arguments: accepted.filter { $0.text.count > 1 })
  func cut(text: String, value: JSONValue) {
    let bytes = Array(text.utf8)
    for length in 0..<bytes.count {
      guard let part = try? JSONValue(parsing: Array(bytes[..<length])) else { continue }
      #expect(part.number != nil, "only a number may be a number's beginning")
    }
  }

  @Test("-0 and 1.0 are numbers, not integers")
  func numbers() throws {
    for text in ["-0", "1.0", "1e2"] { #expect(try JSONValue(parsing: text).integer == nil) }
  }

  @Test("32 levels are read, 33 and a million are refused")
  func depth() throws {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      }
      _ = try JSONValue(parsing: nested(32))
      for depth in [33, 511, 512] {
        #expect { try JSONValue(parsing: nested(depth)) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
      }
    }
    let endless = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: JSONError(reason: .tooDeep, offset: 32)) { try JSONValue(parsing: endless) }
  }

  @Test("a text at the limit is read, one byte more is refused")
  func size() throws {
    let limits = JSONLimits(bytesMax: 10)
    _ = try JSONValue(parsing: "\"12345678\"", limits: limits)
    #expect(throws: JSONError(reason: .tooLarge, offset: 10)) {
      try JSONValue(parsing: "\"123456789\"", limits: limits)
    }
  }

  @Test("a number of 128 bytes is read, one of 129 and a million digits are refused")
  func digits() throws {
    _ = try JSONValue(parsing: "0." + String(repeating: "1", count: 126))
    for count in [127, 1_000_000] {
      #expect(throws: JSONError(reason: .numberTooLong, offset: 0)) {
        try JSONValue(parsing: "0." + String(repeating: "1", count: count))
      }
    }
    #expect { try JSONValue(parsing: String(repeating: "1", count: 1_000_000)) } throws: { $0 is JSONError }
  }

  @Test("300,000 names cost no square, and one name twice among them is found")
  func manyNames() throws {
    let limits = JSONLimits(bytesMax: 1 << 23)
    let members = (0..<300_000).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
    let value = try JSONValue(parsing: "{\(members)}", limits: limits)
    #expect(value.object?.count == 300_000)
    #expect(value["name299999"] == 299_999)
    #expect { try JSONValue(parsing: "{\(members),\"name17\":0}", limits: limits) } throws: {
      ($0 as? JSONError)?.reason == .duplicateName
    }
  }

  @Test("names that only look alike are different names")
  func exactNames() throws {
    let value = try JSONValue(parsing: "{\"K\":1,\"\u{212A}\":2,\"\u{e9}\":3,\"e\u{301}\":4}")
    #expect(value["K"] == 1)
    #expect(value["\u{212A}"] == 2)
    #expect(value.object?.count == 4)
  }

  @Test("an object keeps its order, replaces in place and forgets what is removed")
  func order() {
    var object: JSONObject = ["b": 1, "a": 2]
    object["b"] = 3
    for number in 0..<20 { object["n\(number)"] = .integer(Int64(number)) }
    object["a"] = nil
    object["n3"] = nil
    #expect(object.names.prefix(3) == ["b", "n0", "n1"])
    #expect(object["a"] == nil)
    #expect(object["n3"] == nil)
    #expect(object["n19"] == 19)
    let inserted = object.insert("n19", 0)
    #expect(!inserted)
    #expect(object.count == 20)
  }
}
