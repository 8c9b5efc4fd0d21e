import HTTP1
import TestKit
import Testing

@testable import Dialects

/// What no client sends: each dialect answers it or refuses it, and never anything else.
@Suite struct GarbageTests {
  /// What headers, queries and bodies are cut apart at, and what is looked for in them.
  private static let pieces = [
    "=", ";", ",", " ", "\"", "\\", "%", "%3D", "%00", "&", "+", ":", "://", "/", "..", "-", "{", "}", "[", "]", "a",
    "9", "null", "session", "sessionID", "token", "Bearer ", "access.1.1", "bytes=", "W/", "*", "form-data",
    "boundary=b",
    "--b", "\r\n", "\u{301}", "\u{1F600}",
  ]
  private static let headers = [
    "Cookie", "Authorization", "Origin", "Host", "Range", "If-Range", "If-None-Match", "traceparent",
    "X-Forwarded-Proto", "Access-Control-Request-Method", "Access-Control-Request-Headers",
  ]
  private static let types = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "=;/", "",
  ]

  private static func text(_ dice: inout SeededDice) -> String {
    (0..<dice.pick(0...6)).reduce(into: "") { text, _ in text += dice.pick(of: pieces) ?? "" }
  }

  private static func fields(_ dice: inout SeededDice) -> HeaderFields {
    var fields: HeaderFields = ["Content-Type": dice.pick(of: types) ?? ""]
    for name in headers where dice.once(in: 3) { fields.append(name, text(&dice)) }
    return fields
  }

  @Test(arguments: DialectCatalog.all.map(\.name))
  func `garbage is answered or refused, wherever it stands`(_ name: String) async throws {
    let dialect = try #require(DialectCatalog.named(name))
    let stage = MemoryStage(dialect)
    for seed in 0..<1_000 as Range<UInt64> {
      var dice = SeededDice(seed: seed)
      guard let route = dice.pick(of: dialect.routes) else { continue }
      let path = route.path.split(separator: "/", omittingEmptySubsequences: false).map {
        $0.hasPrefix("<") ? Self.text(&dice) : String($0)
      }
      let target = path.joined(separator: "/") + (dice.once(in: 2) ? "?" + Self.text(&dice) : "")
      let method = dice.once(in: 8) ? "OPTIONS" : route.method.rawValue
      let (fields, body) = (Self.fields(&dice), dice.once(in: 2) ? Self.text(&dice) : "")
      let status = try await stage.request(method, target, fields, Array(body.utf8)).status
      #expect((200..<500).contains(status) || route.path == "/changeContact", "seed \(seed): \(method) \(target)")
      let socket = try await stage.connect("?" + Self.text(&dice), Self.fields(&dice), auth: nil)
      #expect((socket as? MemorySocket)?.session?.caller == nil, "seed \(seed)")
    }
  }
}
