import ChatCore
import JSONText

/// Signals as they travel between nodes.
///
/// - Shape: `{"s":"signed_out","u":12289,"l":[4097]}`, `{"s":"account_gone","u":12289}`,
///   `{"s":"estranged","u":12289,"o":16385}`,
///   `{"s":"typing","c":5121,"u":12289,"n":"ada"}`, `{"s":"read","c":5121,"u":12289,"q":42}`,
///   `{"s":"relayed","c":5121,"w":"umoc","a":"others","au":12289,"b":"…"}`. A node that does not know an `s` drops the
///   signal.
enum SignalText {
  /// Every signal begins with these bytes, and no payload of entries does.
  private static let start = Array(#"{"s":"#.utf8)

  /// Whether a payload claims to be a signal.
  static func isSignal(_ payload: [UInt8]) -> Bool { payload.starts(with: start) }

  /// The topic whose followers a signal concerns.
  static func topic(of signal: Signal) -> Topic {
    switch signal {
    case .signedOut(let user, _), .accountGone(let user), .estranged(let user, _): .user(user)
    case .typing(let conversation, _), .read(let conversation, _, _): .conversation(conversation)
    case .relayed(let relay): relay.to
    }
  }

  /// The text of a signal.
  static func payload(of signal: Signal) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      switch signal {
      case .signedOut(let user, let sessions):
        writer.member("s", "signed_out")
        writer.member("u", user.rawValue)
        writer.member("l", array: { writer in for session in sessions { writer.int(session.rawValue) } })
      case .accountGone(let user):
        writer.member("s", "account_gone")
        writer.member("u", user.rawValue)
      case .estranged(let user, let other):
        writer.member("s", "estranged")
        writer.member("u", user.rawValue)
        writer.member("o", other.rawValue)
      case .typing(let conversation, let author):
        writer.member("s", "typing")
        writer.member("c", conversation.rawValue)
        writer.member("u", author.id.rawValue)
        writer.member("n", author.username)
      case .read(let conversation, let user, let seq):
        writer.member("s", "read")
        writer.member("c", conversation.rawValue)
        writer.member("u", user.rawValue)
        writer.member("q", seq)
      case .relayed(let relay): RelayText.write(relay, to: &writer)
      }
    }
    return writer.finish()
  }

  /// The signal of a text; nothing when any part of it is not what ``payload(of:)`` writes.
  static func signal(from payload: [UInt8]) -> Signal? {
    guard let value = try? JSONValue(parsing: payload, limits: .body) else { return nil }
    if value["s"]?.string == "relayed" { return RelayText.relay(from: value).map { .relayed($0) } }
    guard let user = value["u"]?.integer.flatMap({ UserID(checking: $0) })
    else { return nil }
    let conversation = value["c"]?.integer.flatMap { ConversationID(checking: $0) }
    switch value["s"]?.string {
    case "signed_out":
      guard let list = value["l"]?.array else { return nil }
      let sessions = list.compactMap { $0.integer.flatMap { SessionID(checking: $0) } }
      // A list of which nothing is left would sign out all of the user's sessions.
      return sessions.count == list.count ? .signedOut(user, sessions: sessions) : nil
    case "account_gone": return .accountGone(user)
    case "estranged": return value["o"]?.integer.flatMap { UserID(checking: $0) }.map { .estranged(user, from: $0) }
    case "typing":
      guard let conversation, let name = value["n"]?.string else { return nil }
      return .typing(conversation, Author(id: user, username: name))
    case "read":
      guard let conversation, let seq = value["q"]?.integer, seq >= 0, seq <= ConversationID.rawValueMax else {
        return nil
      }
      return .read(conversation, user, seq: seq)
    default: return nil
    }
  }
}
