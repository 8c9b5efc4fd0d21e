import ChatCore
import HTTP1
import JSONText
import Tokens

/// How ids look.
public enum IDForm: Sendable, Hashable {
  /// The integer.
  case integer
  /// A UUID, computed from the integer.
  case uuid
}

/// How times look; all are UTC.
public enum TimeForm: Sendable, Hashable {
  /// `2023-12-25T10:30:00.123Z`
  case zulu
  /// `2023-12-25T10:30:00.123000`
  case microseconds
  /// `2023-12-25 10:30:00`
  case spaced
  /// `Mon, 25 Dec 2023 10:30:00 GMT`
  case rfc1123

  /// A moment, so written.
  public func text(_ time: Timestamp) -> String {
    let full = time.rfc3339
    switch self {
    case .zulu: return full
    case .microseconds: return full.dropLast() + "000"
    case .spaced: return full.prefix(10) + " " + full.dropFirst(11).prefix(8)
    case .rfc1123:
      return String(decoding: HTTPDate.bytes(unixSeconds: Int(time.milliseconds / 1_000)), as: UTF8.self)
    }
  }
}

/// A dialect's way of writing what all dialects know: ids, times, and what was chosen where it is mounted.
public struct Voice: Sendable {
  let ids: IDForm
  let times: TimeForm
  let cipher: IDCipher
  let chosen: [String: String]
  let standards: [String: String]

  /// How a dialect speaks under those choices.
  public init(_ dialect: Dialect, cipher: IDCipher, chosen: [String: String] = [:]) {
    ids = dialect.ids
    times = dialect.times
    self.cipher = cipher
    self.chosen = chosen
    standards = Dictionary(dialect.options.map { ($0.name, $0.standard) }, uniquingKeysWith: { $1 })
  }

  /// What was chosen for one of the dialect's options.
  public func option(_ name: String) -> String { chosen[name] ?? standards[name] ?? "" }

  // MARK: Writing

  /// A user's id.
  public func id(_ id: UserID) -> JSONValue { write(.user, id.rawValue) }
  /// A conversation's id.
  public func id(_ id: ConversationID) -> JSONValue { write(.conversation, id.rawValue) }
  /// A message's id.
  public func id(_ id: EntryID) -> JSONValue { write(.message, id.rawValue) }
  /// A file's id.
  public func id(_ id: FileID) -> JSONValue { write(.other, id.rawValue) }

  private func write(_ kind: IDCipher.Kind, _ id: Int64) -> JSONValue {
    ids == .integer ? .integer(id) : .string(cipher.uuid(kind, id))
  }

  /// A moment in the dialect's form.
  public func time(_ time: Timestamp) -> JSONValue { .string(times.text(time)) }
  /// A moment, or `null`.
  public func time(_ time: Timestamp?) -> JSONValue { time.map { self.time($0) } ?? .null }

  // MARK: Reading

  /// An id from outside: an integer, digits, or a UUID of that kind; nil when it is none.
  func read(_ value: JSONValue?, _ kind: IDCipher.Kind) -> Int64? {
    switch value {
    case .integer(let id): return id
    case .string(let text): return read(text, kind)
    default: return nil
    }
  }

  func read(_ text: String, _ kind: IDCipher.Kind) -> Int64? {
    if !text.isEmpty, text.utf8.count <= 16, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return Int64(text) }
    guard let (found, id) = cipher.id(text), found == kind else { return nil }
    return id
  }
}

extension JSONValue {
  /// An object with more members.
  public func adding(_ more: JSONObject) -> JSONValue {
    guard var members = object else { return self }
    for entry in more.entries { members[entry.name] = entry.value }
    return .object(members)
  }

  /// A text, or `null`.
  public static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
