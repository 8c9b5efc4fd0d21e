import ChatCore
import JSONText

/// The members of a relayed signal: its topic (`c` or `u`), its wire, its audience with the user or conversation that
/// it names, and its body.
enum RelayText {
  static func write(_ relay: Relay, to writer: inout JSONWriter) {
    writer.member("s", "relayed")
    switch relay.to {
    case .conversation(let id): writer.member("c", id.rawValue)
    case .user(let id): writer.member("u", id.rawValue)
    }
    writer.member("w", relay.wire)
    switch relay.audience {
    case .everyone: writer.member("a", "everyone")
    case .others(let user):
      writer.member("a", "others")
      writer.member("au", user.rawValue)
    case .only(let user):
      writer.member("a", "only")
      writer.member("au", user.rawValue)
    case .inside(let conversation):
      writer.member("a", "inside")
      writer.member("ac", conversation.rawValue)
    }
    writer.member("b", relay.body)
  }

  /// Nothing when any part of it is not what ``write(_:to:)`` writes.
  static func relay(from value: JSONValue) -> Relay? {
    guard let to = topic(of: value), let wire = value["w"]?.string, let audience = audience(of: value),
      let body = value["b"]?.string
    else { return nil }
    return Relay(to: to, wire: wire, audience: audience, body: body)
  }

  private static func topic(of value: JSONValue) -> Topic? {
    if let id = value["c"]?.integer.flatMap({ ConversationID(checking: $0) }) { return .conversation(id) }
    return value["u"]?.integer.flatMap { UserID(checking: $0) }.map { .user($0) }
  }

  private static func audience(of value: JSONValue) -> Audience? {
    let user = value["au"]?.integer.flatMap { UserID(checking: $0) }
    switch value["a"]?.string {
    case "everyone": return .everyone
    case "others": return user.map { .others(than: $0) }
    case "only": return user.map { .only($0) }
    case "inside": return value["ac"]?.integer.flatMap { ConversationID(checking: $0) }.map { .inside($0) }
    default: return nil
    }
  }
}
