import Postgres

/// The table of scatter statements: what each may ask, how long it may take, who shares its answer, and how long that
/// is kept. A statement without a row here cannot scatter, and the shard-safety test finds it.
extension Scatter {
  /// Statements that ask one shard each, many at once, and only on a Citus: `members.page`, `log.newest_messages`.
  static let ofOneShardEach = Scatter(
    most: 256, deadline: 2_000,
    reason: "Members and newest messages of a page of conversations: what was just changed or said is seen in them.")
  /// `users.by_ids`
  static let usersByID = Scatter(
    most: 1_000, deadline: 2_000,
    reason: "Profiles: whoever has changed his own, or deleted his account, sees it on his next request.")
  /// `users.search`, `users.below`
  static let usersByName = Scatter(
    most: 1_000, deadline: 1_000, sharing: .underWay, keptFor: 1_000,
    reason:
      "Looking for people: a name turns up, or goes, a second late at most, and at once on the loop that changed it.")
  /// `sessions.alive`
  static let sessionsAlive = Scatter(
    most: 1_000, deadline: 2_000, isUrgent: true,
    reason: "The poll that ends sockets of sessions whose sign-out nobody heard.")
  /// `contacts.pairs`
  static let contactPairs = Scatter(
    most: 1_000, deadline: 2_000, reason: "Lists of contacts: a block holds at once, so the list says so at once.")
  /// `cleanup.idle`
  static let cleanupsIdle = Scatter(
    most: 100, deadline: 2_000,
    reason: "Accounts that a node has ended and not cleaned up; asked once a minute in the whole cluster.")
  /// `conversations.living`
  static let conversationsListed = Scatter(
    most: 1_000, deadline: 2_000,
    reason: "A user's list: what he has made, joined, left or read a moment ago is in it as it is.")
  /// `conversations.living_heads`
  static let resumeHeads = Scatter(
    most: 1_000, deadline: 2_000,
    reason: "Where a resume begins: a head read before the subscription stood would hide what came between.")
  /// `conversations.sharing`
  static let sharedConversations = Scatter(
    most: 1_000, deadline: 2_000,
    reason: "Who may see whose presence: who has left his last common conversation is seen no more.")
  /// `log.counters`
  static let logCounters = Scatter(
    most: 4_096, deadline: 2_000, isUrgent: true,
    reason: "Finds the notification that was lost, within 2 s: only what stands now tells.")
  /// `log.heads`
  static let logHeads = Scatter(
    most: 1_000, deadline: 2_000, isUrgent: true,
    reason: "The second half of that comparison, and the head of a room that is followed anew.")
  /// `log.entries_after`
  static let logEntries = Scatter(
    most: 1_000, deadline: 2_000, isUrgent: true,
    reason: "The same half where a bucket has more rooms than new entries.")
}
