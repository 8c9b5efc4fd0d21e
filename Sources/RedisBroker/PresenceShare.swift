import ChatCore
import Redis

/// One of 64 shares of the users: what is said of theirs lies in one slot of Redis and is told on one channel.
///
/// A share is four of the buckets' partition tags: few enough that a batch of a second is at most 64 messages a node,
/// many enough that no script holds Redis for long.
struct PresenceShare: Hashable, Sendable {
  /// How many there are.
  static let count = 64

  /// 0 … 63.
  let number: Int

  /// All of them.
  static let all = (0..<count).map { PresenceShare(number: $0) }

  init(of user: UserID) { number = Int(user.bucket.number) % PartitionTag.count / (PartitionTag.count / Self.count) }

  private init(number: Int) { self.number = number }

  /// Users by their shares.
  static func sorted(_ users: [UserID]) -> [PresenceShare: [UserID]] {
    Dictionary(grouping: users, by: PresenceShare.init(of:))
  }

  /// Where in a cluster all of it lies.
  var slot: HashSlot { PartitionTag.slots[number * (PartitionTag.count / Self.count)] }

  private func name(_ names: TopicNames, _ rest: String) -> String {
    let tag = String(decoding: PartitionTag.all[number * (PartitionTag.count / Self.count)], as: UTF8.self)
    return "\(names.prefix){\(tag)}p:\(rest)"
  }

  /// The channel on which changes are told.
  func channel(_ names: TopicNames) -> String { name(names, "told") }

  /// The sorted set of when users were last there.
  func seen(_ names: TopicNames) -> String { name(names, "seen") }

  /// The set of those who are at a node.
  func listed(_ names: TopicNames, by node: String) -> String { name(names, "at:" + node) }
}
