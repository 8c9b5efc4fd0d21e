import ChatCore
import JSONText

/// One line of an import, its references still by key.
enum Record: Sendable {
  case user(UserRecord)
  case contact(ContactRecord)
  case group(GroupRecord)
  case message(MessageRecord)
}

struct UserRecord: Sendable {
  let key: String
  let username: String
  let displayName: String?
  let email: String?
  let avatarURL: String?
  let attributes: [String: String]
  let password: ImportUser.Password
  let createdAt: Timestamp?
  let existing: ImportUser.Existing?
}

struct ContactRecord: Sendable {
  let of: String
  let to: String
  let state: ContactState?
  let isBlocked: Bool
  let since: Timestamp?
}

struct GroupRecord: Sendable {
  let key: String
  let title: String
  let picture: String?
  let owner: String
  let members: [(user: String, role: Role)]
  let createdAt: Timestamp
}

struct MessageRecord: Sendable {
  enum Place: Sendable {
    case user(String)
    case group(String)
    case lobby
  }

  let key: String
  let from: String
  let place: Place
  let text: String
  let type: MessageType
  let createdAt: Timestamp
  let editedAt: Timestamp?
  let replyTo: String?
}

/// What is wrong with a line: the member, if it is one, and why; nothing of what it says.
public struct Refusal: Error, Sendable, Equatable {
  /// `/username: username must …`.
  public let sentence: String

  init(_ sentence: String) { self.sentence = sentence }

  init(_ pointer: String, _ why: String) { sentence = pointer.isEmpty ? why : "\(pointer): \(why)" }

  /// All that is wrong with it.
  init(_ faults: [(pointer: String, why: String)]) {
    sentence = faults.map { Refusal($0.pointer, $0.why).sentence }.joined(separator: " ")
  }
}

extension Record {
  /// Reads a line.
  init(_ line: LineReader.Line) throws(Refusal) {
    guard let bytes = line.bytes else {
      throw Refusal("The line has more than \(LineReader.lineBytesMax) bytes.")
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, limits: JSONLimits(bytesMax: LineReader.lineBytesMax))
    } catch {
      throw error.fault(in: bytes.span).map { Refusal($0.pointer, $0.detail) } ?? Refusal(error.description)
    }
    let members: Members
    do throws(ShapeErrors) {
      members = try RecordShape.shape.read(value)
    } catch {
      throw Refusal(error.faults.map { ($0.pointer, $0.detail) })
    }
    switch members.string("type") {
    case "user": self = .user(try UserRecord(members))
    case "contact": self = .contact(try ContactRecord(members))
    case "group": self = .group(try GroupRecord(members))
    default: self = .message(try MessageRecord(members))
    }
  }
}

extension UserRecord {
  fileprivate init(_ members: Members) throws(Refusal) {
    key = try members.text("key")
    username = try members.text("username")
    displayName = members.string("display_name")
    email = members.string("email")
    avatarURL = members.string("avatar_url")
    attributes = (members.pairs("attributes") ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
    createdAt = try members.moment("created_at")
    existing = members.string("existing").flatMap(ImportUser.Existing.init(rawValue:))
    switch (members.string("password"), members.string("password_hash")) {
    case (let clear?, nil): password = .clear(clear)
    case (nil, let hash?): password = .hash(hash)
    case (nil, nil): throw Refusal("/password", "password or password_hash must be there.")
    case (_?, _?): throw Refusal("/password", "password and password_hash must not both be there.")
    }
  }
}

extension ContactRecord {
  fileprivate init(_ members: Members) throws(Refusal) {
    of = try members.text("of")
    to = try members.text("to")
    state = members.string("state").flatMap(ContactState.init(rawValue:))
    isBlocked = members.bool("blocked") ?? false
    since = try members.moment("created_at")
    if state == nil, !isBlocked { throw Refusal("/state", "state must be there, or blocked must be true.") }
  }
}

extension GroupRecord {
  fileprivate init(_ members: Members) throws(Refusal) {
    key = try members.text("key")
    title = try members.text("title")
    picture = members.string("picture_url")
    owner = try members.text("owner")
    createdAt = try members.requiredMoment("created_at")
    var found: [(user: String, role: Role)] = []
    for member in members.list("members") ?? [] {
      found.append((try member.text("user"), member.string("role").flatMap(Role.init(rawValue:)) ?? .member))
    }
    self.members = found
  }
}

extension MessageRecord {
  fileprivate init(_ members: Members) throws(Refusal) {
    key = try members.text("key")
    from = try members.text("from")
    text = try members.text("text")
    type = members.string("message_type").flatMap(MessageType.init(rawValue:)) ?? .text
    createdAt = try members.requiredMoment("created_at")
    editedAt = try members.moment("edited_at")
    replyTo = members.string("reply_to")
    switch (members.string("to"), members.string("group"), members.bool("lobby") ?? false) {
    case (let user?, nil, false): place = .user(user)
    case (nil, let group?, false): place = .group(group)
    case (nil, nil, true): place = .lobby
    default: throw Refusal("/to", "one of to, group and lobby must be there, and no other.")
    }
  }
}

extension Members {
  /// A text that the shape requires.
  fileprivate func text(_ name: String) throws(Refusal) -> String {
    guard let text = string(name) else { throw Refusal("/\(name)", "\(name) is missing.") }
    return text
  }

  fileprivate func moment(_ name: String) throws(Refusal) -> Timestamp? {
    guard let text = string(name) else { return nil }
    guard let moment = Timestamp(rfc3339: text) else {
      throw Refusal("/\(name)", "\(name) must be a moment as RFC 3339 writes it, with Z or an offset.")
    }
    return moment
  }

  fileprivate func requiredMoment(_ name: String) throws(Refusal) -> Timestamp {
    guard let moment = try moment(name) else { throw Refusal("/\(name)", "\(name) is missing.") }
    return moment
  }
}
