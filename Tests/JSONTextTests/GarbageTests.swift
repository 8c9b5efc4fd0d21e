import JSONText
import TestKit
import Testing

/// Texts and queries that no client sends, by the shapes that read them: taken or refused with a place, never a trap.
struct GarbageTests {
  private static let inner = Shape(
    "Inner", [.integer("user", .required, .ids, "Who."), .bool("quiet", .optional, "How.")])
  private static let shape = Shape(
    "Outer",
    [
      .string("text", .required, bytes: 1...10, "What."), .oneOf("type", .optional, ["text", "image"], "Which."),
      .integer("reply_to", .optional, .ids, "To what."), .number("ratio", .optional, 0...1, "How much."),
      .array("members", .optional, of: .object(inner), count: 0...3, "Who."),
      .map("heads", .optional, names: .integer(.ids), values: .integer(0...100), count: 0...2, "Where."),
      .object("at", .nullable, inner, "Where."), .bool("quiet", .optional, "How."),
    ])

  @Test func `texts`() throws {
    let samples = [
      #"{"text":"h\u00e9\ud83d\ude00","type":"image","reply_to":5121,"ratio":0.5e-1,"at":{"user":7}}"#,
      #"{"heads":{"5121":7,"4096":0},"members":[{"user":1,"quiet":true}],"text":"a","at":null,"quiet":false}"#,
    ]
    for sample in samples { _ = try Self.shape.read(JSONValue(parsing: sample)) }
    let marks = [
      "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83d", "null", "true", "-", "1e", ".", "é", "\u{2028}", "\0",
      String(repeating: "[", count: 100), String(repeating: #"{"a":"#, count: 100),
    ]
    var known = 0
    for bytes in Garbage.of(samples, marks: marks, count: 2_000) {
      do throws(JSONError) {
        let value = try JSONValue(parsing: bytes)
        if (try? Self.shape.read(value)) != nil { known += 1 }
        #expect(try JSONValue(parsing: value.bytes) == value)
      } catch {
        _ = (error.fault(in: bytes.span), error.description)
      }
      _ = try? JSONFrame(scanning: bytes.span, limits: .frame)
    }
    #expect(known > 10)
  }

  @Test func `queries`() {
    let shape = Shape(
      "Query",
      [
        .integer("limit", .optional, 1...100, standard: 50, "How many."), .number("near", .optional, 0...1, "Where."),
        .array("users", .optional, of: .integer(.ids), count: 1...3, "Users."), .bool("all", .optional, "All."),
        .string("q", .optional, bytes: 1...10, "Words."),
      ])
    for bytes in Garbage.of(["50", "0.5", "1,2,3", "true", "words"], marks: [",", "-", "0", "", "e", ".", "é", "\0"]) {
      let text = String(decoding: bytes, as: UTF8.self)
      for field in shape.fields { _ = try? shape.read(query: [(field.name, text)]) }
    }
    #expect((try? shape.read(query: [("users", "1,2,3")])) != nil)
  }
}
