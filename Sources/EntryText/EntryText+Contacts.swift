import ChatCore
import JSONText

/// Contacts and blocks as JSON: on our own wires, and as the broker and the store keep them.
extension EntryText {
  /// Writes a contact as REST and the sockets show it.
  ///
  /// - Shape: `{"user", "username", "state", "status", "blocked", "timeout_until", "streak", "initiator",
  ///   "created_at"}`.
  public static func write(_ contact: Contact, to writer: inout JSONWriter) {
    writer.object { writeMembers(of: contact, to: &$0) }
  }

  static func writeMembers(of contact: Contact, to writer: inout JSONWriter) {
    writer.member("user", contact.user.rawValue)
    writer.member("username", contact.username)
    writer.member("state", contact.state?.rawValue)
    writer.member("status", contact.label?.rawValue)
    writer.member("blocked", contact.isBlocked)
    writer.member("timeout_until", contact.timeoutUntil)
    writer.member("streak", contact.streak)
    writer.member("initiator", contact.isInitiator)
    writer.member("created_at", contact.since)
  }

  /// Writes a block: `{"user", "username", "blocked"}`.
  public static func write(block contact: Contact, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("user", contact.user.rawValue)
      writer.member("username", contact.username)
      writer.member("blocked", contact.isBlocked)
    }
  }

  /// `{"u","n","s","l","b","o","k","f","t"}`: user, name, state, label, blocked, timed out until, streak, first, since.
  static func writeFields(of contact: Contact, to writer: inout JSONWriter) {
    writer.member("u", contact.user.rawValue)
    writer.member("n", contact.username)
    if let state = contact.state { writer.member("s", state.rawValue) }
    if let label = contact.label { writer.member("l", label.rawValue) }
    writer.member("b", contact.isBlocked)
    if let until = contact.timeoutUntil { writer.member("o", until.milliseconds) }
    if let streak = contact.streak { writer.member("k", streak) }
    writer.member("f", contact.isInitiator)
    if let since = contact.since { writer.member("t", since.milliseconds) }
  }

  static func contact(_ value: JSONValue) -> Contact? {
    guard let author = author(value), let isBlocked = value["b"]?.bool, let isInitiator = value["f"]?.bool else {
      return nil
    }
    return Contact(
      user: author.id, username: author.username, state: value["s"]?.string.flatMap(ContactState.init(rawValue:)),
      label: value["l"]?.string.flatMap(ContactLabel.init(rawValue:)), isBlocked: isBlocked,
      timeoutUntil: moment(value["o"]), streak: value["k"]?.integer, isInitiator: isInitiator,
      since: moment(value["t"]))
  }

  static func block(_ value: JSONValue) -> Event? {
    guard let author = author(value), let isBlocked = value["b"]?.bool else { return nil }
    return .blockChanged(author, isBlocked: isBlocked)
  }
}
