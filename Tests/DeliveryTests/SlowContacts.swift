import ChatCore
import MemoryAdapters
import TestKit

/// The contacts of a world, with a latency, a count of what was asked, and failures on demand.
final class SlowContacts: ContactStore, @unchecked Sendable {
  private let world: MemoryWorld
  private let time: VirtualTime
  var isAway = false
  /// Of how many it was asked at once, each time that somebody's right to watch was asked about.
  private(set) var asked: [Int] = []
  private(set) var atOnce = 0
  private(set) var mostAtOnce = 0

  init(_ world: MemoryWorld, _ time: VirtualTime) {
    self.world = world
    self.time = time
  }

  func change(
    _ change: ContactChange, by caller: User, to other: User, limit: Int
  ) async throws(ChatError) -> (contact: Contact, made: Made) {
    try await world.change(change, by: caller, to: other, limit: limit)
  }

  func pair(_ one: UserID, _ other: UserID) async throws(ChatError) -> ContactPair { try await world.pair(one, other) }

  func contacts(
    of user: UserID, in states: Set<ContactState>, after: UserID?, limit: Int
  ) async throws(ChatError) -> [Contact] {
    try await world.contacts(of: user, in: states, after: after, limit: limit)
  }

  func blocks(of user: UserID, after: UserID?, limit: Int) async throws(ChatError) -> [Contact] {
    try await world.blocks(of: user, after: after, limit: limit)
  }

  func estranged(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    try await world.estranged(user, among: others)
  }

  func accepted(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    asked.append(others.count)
    atOnce += 1
    mostAtOnce = max(mostAtOnce, atOnce)
    defer { atOnce -= 1 }
    await time.sleep(10)
    if isAway { throw .unavailable(.database, retryAfter: 1_000) }
    return try await world.accepted(user, among: others)
  }
}
