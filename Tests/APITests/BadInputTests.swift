import API
import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

/// What every row answers to wrong input, made from the rows themselves: a new row is tested by being there.
@Suite("Wrong input is named, whatever the row")
struct BadInputTests {
  @Test func `a member that is missing, null or of another type`() async throws {
    try await eachMember { door, sample, field in
      if field.need == .required {
        await door.expect(sample.with(body: field.name, nil), is: "invalid_request", at: "/" + field.name, "missing")
      }
      for wrong in Self.others(than: field.kind, nullToo: field.need == .required) {
        await door.expect(
          sample.with(body: field.name, wrong), is: "invalid_request", at: "/" + field.name, "wrong_type")
      }
    }
  }

  @Test func `a member that is too long, too short, too many or out of range`() async throws {
    try await eachMember { door, sample, field in
      for (wrong, pointer, code) in Self.excesses(of: field.kind) {
        await door.expect(
          sample.with(body: field.name, wrong), is: "invalid_request", at: "/" + field.name + pointer, code)
      }
    }
  }

  /// The same list as an attacker's: what the server decides and what other tables hold.
  @Test(arguments: [
    "id", "sender", "seq", "created_at", "bucket", "owner", "password_hash", "conversation", "head", "edited_at",
    "deleted_at", "user_id", "is_admin", "__proto__", "", "a/b~c", "role", "kind", "username",
  ])
  func `a member that the row does not have is refused, not ignored`(name: String) async throws {
    let door = try await Door.open()
    for sample in try await Sample.all(in: door) {
      guard let body = sample.body, body[name] == nil,
        sample.row.body?.fields.contains(where: { $0.name == name }) == false
      else { continue }
      let pointer = "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
      await door.expect(sample.with(body: name, 1), is: "unknown_member", at: pointer, "unknown_member")
    }
  }

  @Test func `a member of another word's object is unknown`() async throws {
    let door = try await Door.open()
    let body: JSONValue = ["kind": "public", "title": "Square", "members": []]
    let reply = await door.send(.post, "/v1/conversations", body, as: door.stage.ada)
    #expect(reply.summary == "400 unknown_member /members unknown_member")
  }

  @Test func `all that is wrong is told at once`() async throws {
    let door = try await Door.open()
    let reply = await door.send(
      .post, "/v1/users", ["username": 7, "email": "a", "display_name": "", "admin": true])
    #expect(
      reply.summary
        == "400 unknown_member /username wrong_type /password missing /display_name too_short /email too_short "
        + "/admin unknown_member")
  }

  @Test func `a parameter that is unknown, repeated, of another type or out of range`() async throws {
    let door = try await Door.open()
    for sample in try await Sample.all(in: door) {
      await door.expect(
        sample.with(query: "zzz", "1"), is: "unknown_member", at: "/zzz", "unknown_member")
      for field in sample.row.query?.fields ?? [] {
        for (wrong, code) in Self.parameterExcesses(of: field.kind) {
          var bad = sample
          // before, after and around exclude each other, which is another rule.
          bad.query = sample.query.filter { ["limit", "query"].contains($0.name) }
          await door.expect(
            bad.with(query: field.name, wrong), is: "invalid_request", at: "/" + field.name, code)
        }
        var twice = sample.with(query: field.name, "5")
        twice.query.append((field.name, "5"))
        let reply = await door.send(twice)
        #expect(reply.faults.contains { $0 == ("/" + field.name, "repeated") }, "\(sample.row.name) \(field.name)")
      }
      if let required = sample.row.query?.fields.first(where: { $0.need == .required }) {
        var bare = sample
        bare.query = []
        #expect(await door.send(bare).summary == "400 invalid_request /\(required.name) missing")
      }
    }
  }

  @Test(arguments: ["zz", "abc", "3", "6G", "00", "AB", "ff", "c0af", " "])
  func `a cursor that no page gave is refused`(cursor: String) async throws {
    let door = try await Door.open()
    for sample in try await Sample.all(in: door) where sample.query.contains(where: { $0.name == "cursor" }) {
      await door.expect(
        sample.with(query: "cursor", cursor), is: "invalid_request", at: "/cursor", "invalid_format")
    }
  }

  @Test(arguments: [
    "0", "-1", "9007199254740992", "99999999999999999999999", "abc", "007", "1.0", "+5", "%20", "ME", "0x1", "1e3",
    "%00", "\u{661}",
  ])
  func `an id that nothing can have is not found`(id: String) async throws {
    let door = try await Door.open()
    for sample in try await Sample.all(in: door) {
      for parameter in sample.parameters {
        let reply = await door.send(sample.with(path: parameter, id))
        let wanted = id == "%00" ? "400 invalid_path" : "404 \(parameter)_not_found"
        #expect(reply.summary == wanted, "\(sample.row.name) \(parameter)")
      }
    }
  }

  @Test func `an id of another kind of thing is not found`() async throws {
    let door = try await Door.open()
    for sample in try await Sample.all(in: door) {
      for parameter in sample.parameters {
        let other = parameter == "conversation" ? sample.path["user"] : sample.path["conversation"]
        let reply = await door.send(sample.with(path: parameter, other ?? ""))
        #expect(reply.status == 404, "\(sample.row.name) \(parameter): \(reply.summary)")
      }
    }
  }

  // MARK: Made from the rows

  private func eachMember(_ body: (Door, Sample, Field) async throws -> Void) async throws {
    let door = try await Door.open()
    var seen = 0
    for sample in try await Sample.all(in: door) {
      for field in sample.fields {
        try await body(door, sample, field)
        seen += 1
      }
    }
    #expect(seen >= 20)
  }

  private static func others(than kind: Field.Kind, nullToo: Bool) -> [JSONValue] {
    let all: [JSONValue] = ["1", 1, 1.5, true, [1], ["a": 1]] + (nullToo ? [.null] : [])
    return all.filter { value in
      switch (kind, value) {
      case (.string, .string), (.oneOf, .string), (.integer, .integer), (.array, .array), (.bool, .bool),
        (.map, .object):
        false
      default: true
      }
    }
  }

  private static func excesses(of kind: Field.Kind) -> [(JSONValue, pointer: String, code: String)] {
    switch kind {
    case .string(let bytes, _):
      let long = String(repeating: "x", count: bytes.upperBound + 1)
      let wide = String(repeating: "\u{1F600}", count: bytes.upperBound / 4 + 1)
      let tooLong: [(JSONValue, String, String)] = [(.string(long), "", "too_long"), (.string(wide), "", "too_long")]
      guard bytes.lowerBound > 0 else { return tooLong }
      let short = String(repeating: "x", count: bytes.lowerBound - 1)
      return tooLong + [(.string(short), "", "too_short")]
    case .oneOf(let words):
      return [("", "", "not_allowed"), (.string((words.first ?? "").uppercased()), "", "not_allowed")]
    case .integer(let range):
      return [(.integer(range.lowerBound - 1), "", "out_of_range"), (-1, "", "out_of_range")]
    case .array(_, let count):
      let many = Array(repeating: JSONValue.integer(1), count: count.upperBound + 1)
      return [
        (.array(many), "", "too_many"), (["1"], "/0", "wrong_type"), ([1, nil], "/1", "wrong_type"),
        ([0], "/0", "out_of_range"),
      ]
    default: return []
    }
  }

  private static func parameterExcesses(of kind: Field.Kind) -> [(String, code: String)] {
    switch kind {
    case .string(let bytes, _):
      [("", "too_short"), (String(repeating: "x", count: bytes.upperBound + 1), "too_long")]
    case .integer(let range):
      [
        (String(range.lowerBound - 1), "out_of_range"), ("", "wrong_type"), ("x", "wrong_type"), ("1.0", "wrong_type"),
        ("+1", "wrong_type"), ("01", "wrong_type"), (" 1", "wrong_type"), ("1e1", "wrong_type"), ("-0", "wrong_type"),
        ("9007199254740992", "wrong_type"), ("null", "wrong_type"),
      ] + (range.upperBound < JSONLimits.integerMax ? [(String(range.upperBound + 1), "out_of_range")] : [])
    default: []
    }
  }
}
