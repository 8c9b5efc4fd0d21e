import ChatCore
import JSONText

/// Changes of presence as they travel between nodes; written by `say.lua`.
///
/// - Shape: `{"v":1,"t":1767225600000,"on":[16777217],"off":[16777218]}`; `t` is when those who are off were last
///   there.
package enum PresenceText {
  /// What a message tells of the users of a share; nothing when any part of it is not ours.
  package static func changes(_ payload: [UInt8], in share: PresenceShare) -> [Presence]? {
    guard let value = try? JSONValue(parsing: payload, limits: .body), value["v"]?.integer == 1,
      let time = value["t"]?.integer, let on = users(value["on"], share), let off = users(value["off"], share)
    else { return nil }
    let seen = Timestamp(milliseconds: time)
    return on.map { Presence(user: $0, status: .online) }
      + off.map { Presence(user: $0, status: .offline, lastSeenAt: seen) }
  }

  private static func users(_ value: JSONValue?, _ share: PresenceShare) -> [UserID]? {
    guard let list = value?.array else { return nil }
    let users = list.compactMap { $0.integer.flatMap { UserID(checking: $0) } }
    return users.count == list.count && users.allSatisfy { PresenceShare(of: $0) == share } ? users : nil
  }
}
