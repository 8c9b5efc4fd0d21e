import HTTP1
import JSONText

/// What a request or an action brings, wherever it stands: query, form and JSON object merged, the body before the
/// query.
///
/// Only what rows read is held: a request waits for Redis and for the database, and a megabyte of small objects takes
/// thirty meanwhile. What is nested deeper than the elements of a list leaves its place and no more.
///
/// - Limits: `Query.parametersMax` in a query, in a form and in an object, past which all is refused; ``jsonBytesMax``;
///   ``elementsMax``.
public struct Parameters: Sendable {
  /// Bytes of a JSON body: 200 KiB, the longest message that settings allow with each character escaped, which makes
  /// three bytes of one at most.
  static let jsonBytesMax = 200 << 10
  /// Elements of a list that are held: 1,000, more than any row takes.
  static let elementsMax = 1_000

  private var members: JSONObject

  /// None.
  public init() { members = JSONObject() }

  /// Those of an object.
  init(_ members: JSONObject) throws(Malformed) { self.members = try Parameters.shallow(members) }

  private static func shallow(_ members: JSONObject) throws(Malformed) -> JSONObject {
    // Which of them a row reads is not known here: to drop some would change what was asked.
    guard members.entries.count <= Query.parametersMax else { throw Malformed.tooMany }
    var kept = JSONObject()
    for entry in members.entries {
      switch entry.value {
      case .object: kept[entry.name] = .object(JSONObject())
      case .array(let elements):
        kept[entry.name] = .array(elements.prefix(elementsMax).map { $0.object == nil && $0.array == nil ? $0 : .null })
      default: kept[entry.name] = entry.value
      }
    }
    return kept
  }

  /// The value of the first of those names that is there and not `null`.
  public subscript(names: String...) -> JSONValue? { value(names) }

  func value(_ names: [String]) -> JSONValue? {
    for name in names { if let value = members[name], !value.isNull { return value } }
    return nil
  }

  /// A value as text: a string, or a number as it was written.
  public func text(_ names: String...) -> String? { text(names) }

  func text(_ names: [String]) -> String? {
    switch value(names) {
    case .string(let text): text
    case .integer(let number): String(number)
    case .bool(let truth): truth ? "true" : "false"
    default: nil
    }
  }

  /// A value as a whole number: an integer, or a text of its digits.
  public func integer(_ names: String...) -> Int64? {
    switch value(names) {
    case .integer(let number): number
    case .string(let text): Int64(text)
    default: nil
    }
  }

  /// Whether a value is `true`, or a text that says so.
  public func flag(_ names: String...) -> Bool { text(names).map { ["true", "1"].contains($0.lowercased()) } ?? false }

  /// A list, or a text that holds one as JSON.
  public func list(_ names: String...) -> [JSONValue]? {
    switch value(names) {
    case .array(let elements): elements
    case .string(let text): (try? JSONValue(parsing: text))?.array
    default: nil
    }
  }

  /// Whether a member of that name is there, be it `null`.
  public func has(_ name: String) -> Bool { members[name] != nil }

  // MARK: Reading

  /// What is wrong with a request's parameters.
  struct Malformed: Error {
    let status: Int
    let text: String

    static let tooMany = Malformed(status: 400, text: "There are more than \(Query.parametersMax) parameters")
  }

  /// Those of a request.
  init(of request: Request) throws(Malformed) {
    members = try Parameters.query(request.head.query)
    for entry in try Parameters.shallow(try Parameters.body(of: request)).entries { members[entry.name] = entry.value }
  }

  private static func query(_ text: String?) throws(Malformed) -> JSONObject {
    do throws(Query.Failure) {
      var members = JSONObject()
      for (name, value) in try Query(text).parameters { members[name] = .string(value) }
      return members
    } catch {
      switch error {
      case .tooMany: throw Malformed.tooMany
      case .encoding: throw Malformed(status: 400, text: "Malformed parameters")
      }
    }
  }

  private static func body(of request: Request) throws(Malformed) -> JSONObject {
    guard !request.body.isEmpty else { return JSONObject() }
    let type = request.headers["content-type"].flatMap { MediaType(parsing: $0) }
    switch type?.description.prefix(while: { $0 != ";" }) {
    case "application/x-www-form-urlencoded":
      return try query(String(validating: request.body, as: UTF8.self) ?? "%")
    case "multipart/form-data":
      // A form with a file is its row's own affair (``Ask/upload(_:)``); its texts are parameters.
      guard let form = request.form else { throw Malformed(status: 400, text: "Malformed form") }
      var members = JSONObject()
      for part in form.parts where part.fileName == nil {
        members[part.name] = .string(String(decoding: request.body[part.range], as: UTF8.self))
      }
      return members
    default:
      // Old clients send JSON under any type, or none.
      return try json(request.body, isCertain: type.map { $0.subtype == "json" } ?? false)
    }
  }

  private static func json(_ bytes: [UInt8], isCertain: Bool) throws(Malformed) -> JSONObject {
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard isCertain || first == UInt8(ascii: "{") else { return JSONObject() }
    guard bytes.count <= jsonBytesMax else { throw Malformed(status: 413, text: "Request is too large") }
    guard let value = try? JSONValue(parsing: bytes) else {
      throw Malformed(status: 400, text: "Malformed JSON")
    }
    return value.object ?? JSONObject()
  }
}

extension Request {
  /// The form of several parts that the body is; nil when it is none.
  var form: MultipartForm? {
    let type = headers["content-type"].flatMap { MediaType(parsing: $0) }
    return try? MultipartForm(parsing: body, boundary: type?["boundary"] ?? "")
  }
}
