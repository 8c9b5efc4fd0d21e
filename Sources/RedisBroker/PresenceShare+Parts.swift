import ChatCore
import Redis

/// Cutting what is said and asked into portions of one script, and reading its answer.
extension PresenceShare {
  /// Those who came and went, in portions of at most that many users.
  static func parts(_ came: [UserID], _ went: [UserID], of most: Int) -> [(came: [UserID], went: [UserID])] {
    let all = came.map { ($0, true) } + went.map { ($0, false) }
    return stride(from: 0, to: all.count, by: max(1, most)).map { start in
      let part = all[start..<min(start + max(1, most), all.count)]
      return (part.filter(\.1).map(\.0), part.filter { !$0.1 }.map(\.0))
    }
  }

  /// What `find.lua` answers of those users; nothing unless it speaks of all of them.
  static func answers(_ elements: [RedisReply], _ users: [UserID]) -> [Presence] {
    guard elements.count == users.count else { return [] }
    return zip(users, elements).compactMap { user, element in
      element.integer.map { seen in
        if seen < 0 { return Presence(user: user, status: .online) }
        return Presence(
          user: user, status: .offline, lastSeenAt: seen > 0 ? Timestamp(milliseconds: seen) : nil)
      }
    }
  }
}
