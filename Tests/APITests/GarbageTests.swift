import API
import HTTP1
import JSONText
import TestKit
import Testing

/// Requests that no client sends, made from good ones of each row: the door holds each answer against the catalog.
struct GarbageTests {
  private static let marks = [
    "{", "}", "[", "]", ",", ":", "\"", "\\u", "null", "-", "7", "é", "%", "%00", "&", "=", "/", "?", "+", "\u{2028}",
    "\0",
  ]

  private static func fields(_ text: String, _ dice: inout SeededDice) -> HeaderFields {
    let names = ["If-Match", "If-None-Match", "Range", "If-Range", "Idempotency-Key", "X-Request-ID", "traceparent"]
    return names.reduce(into: [:]) { fields, name in if dice.once(in: 4) { fields.append(name, text) } }
  }

  @Test func `bodies, targets and fields of each row`() async throws {
    let door = try await Door.open()
    var dice = SeededDice(seed: 1)
    for sample in try await Sample.all(in: door) {
      let body = sample.body.map { JSONValue.object($0).text } ?? ""
      // What ends a session, or what the rows behind need, is asked for by no good target.
      let isEnd = sample.row.method == .delete
      for text in isEnd ? [] : Garbage.of([body], marks: Self.marks, count: 20, seed: dice.next()).suffix(120) {
        let given = String(decoding: text, as: UTF8.self)
        var fields = Self.fields(dice.once(in: 2) ? given : #"W/"7", "8""#, &dice)
        fields.append("Content-Type", dice.once(in: 8) ? given : "application/json")
        if let caller = sample.caller { fields.append("Authorization", "Bearer " + door.token(caller)) }
        _ = await door.send(raw: text, sample.row.method, sample.target, headers: fields)
      }
      for target in Garbage.of([sample.target], marks: Self.marks, count: 20, seed: dice.next()).suffix(60)
      where target != Array(sample.target.utf8) {
        var fields = Self.fields(#""7""#, &dice)
        fields.append("Content-Type", "application/json")
        if let caller = sample.caller { fields.append("Authorization", "Bearer " + door.token(caller)) }
        _ = await door.send(
          raw: isEnd ? [] : Array(body.utf8), sample.row.method,
          "/" + String(decoding: target.dropFirst(), as: UTF8.self),
          headers: fields)
      }
    }
  }
}
