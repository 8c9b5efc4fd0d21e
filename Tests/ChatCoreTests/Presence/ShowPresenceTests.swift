import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct ShowPresenceTests {
  @Test func `one may watch oneself and those with whom one shares a conversation, nobody else`() async throws {
    let stage = try await Stage.set()
    let all = [stage.ada.user, stage.bob.user, stage.eve.user, UserID(rawValue: 1)]
    #expect(try await MayWatch(users: all).run(in: stage.chat, as: stage.ada) == [stage.ada.user])
    _ = try await stage.cast.direct()
    #expect(
      try await MayWatch(users: all).run(in: stage.chat, as: stage.ada) == [stage.ada.user, stage.bob.user].sorted())
  }

  @Test func `contacts may be watched until one blocks the other, which ends it for both at once`() async throws {
    let stage = try await Stage.set()
    let (ada, bob) = (stage.ada, stage.bob)
    _ = try await RequestContact(user: bob.user).run(in: stage.chat, as: ada)
    #expect(try await MayWatch(users: [bob.user]).run(in: stage.chat, as: ada) == [])
    _ = try await AcceptContact(user: ada.user).run(in: stage.chat, as: bob)
    #expect(try await MayWatch(users: [bob.user]).run(in: stage.chat, as: ada) == [bob.user])
    _ = try await BlockUser(user: bob.user).run(in: stage.chat, as: ada)
    #expect(try await MayWatch(users: [bob.user]).run(in: stage.chat, as: ada) == [])
    #expect(try await MayWatch(users: [ada.user]).run(in: stage.chat, as: bob) == [])
    #expect(
      stage.publisher.signals.suffix(2) == [
        .estranged(ada.user, from: bob.user), .estranged(bob.user, from: ada.user),
      ])
  }

  @Test(arguments: [
    (Relation(), false), (Relation(sharesConversation: true), true), (Relation(isContact: true), true),
    (Relation(sharesConversation: true, isContact: true, isBlocked: true), false), (Relation(isBlocked: true), false),
  ])
  func `contacts and fellow members are shown, unless one has blocked the other`(relation: Relation, may: Bool) {
    #expect(PresenceRules.mayWatch(relation) == may)
  }

  @Test func `none and too many are refused`() async throws {
    let stage = try await Stage.set()
    for count in [0, 101] {
      await faulty(["/users too_long"]) { () throws(ChatError) in
        let users = (0..<count).map { UserID(rawValue: Int64($0) + 1) }
        return try await ShowPresence(users: users).run(in: stage.chat, as: stage.ada)
      }
    }
    let users = (0..<100).map { UserID(rawValue: Int64($0) + 1) }
    let list = try await ShowPresence(users: users).run(in: stage.chat, as: stage.ada)
    #expect(list.known == [] && list.unknown == [])
  }

  @Test func `what cannot be found out is said, and of nobody at all it is a refusal`() async throws {
    let users = [Int64](1...3).map(UserID.init(rawValue:))
    let nobody = try await Stage.set(presence: SomeAre(known: []))
    await refused(.unavailable(.presence, retryAfter: PresenceList.unknownFor)) { () throws(ChatError) in
      try await ShowPresence(users: [nobody.ada.user]).run(in: nobody.chat, as: nobody.ada)
    }
    let strangers = try await ShowPresence(users: users).run(in: nobody.chat, as: nobody.ada)
    #expect(strangers.known == [] && strangers.unknown == [])
    let directory = SomeAre(known: [])
    let some = try await Stage.set(presence: directory)
    directory.known = [some.bob.user]
    _ = try await some.cast.direct()
    let list = try await ShowPresence(users: [some.ada.user, some.bob.user] + users).run(in: some.chat, as: some.ada)
    #expect(list.known.map(\.user) == [some.bob.user])
    #expect(list.unknown == [some.ada.user])
  }
}

@Suite struct WouldHearTests {
  /// Ada's chat with Bob in that state; nil when it cannot be found out.
  private func heard(_ status: Presence.Status?, _ prepare: (Stage) async throws -> Void = { _ in }) async throws
    -> Bool
  {
    let stage = try await Stage.set()
    try await prepare(stage)
    let chat = Chat(
      users: stage.world, sessions: stage.world, conversations: stage.world, contacts: stage.world,
      cleanups: stage.world, log: stage.world,
      messages: stage.world, files: stage.world, blobs: stage.world, credentials: stage.credentials,
      publisher: stage.publisher, limiter: MemoryRateLimiter(clock: stage.clock),
      presence: EverybodyIs(status: status), clock: stage.clock)
    return try await WouldHear(user: stage.bob.user).run(in: chat, as: stage.ada)
  }

  @Test func `who is there hears a stranger, who is away does not, and in doubt the message is kept`() async throws {
    #expect(try await heard(.online))
    #expect(try await !heard(.offline))
    #expect(try await heard(nil))
  }

  @Test func `a block is told as being away, in both directions`() async throws {
    #expect(try await !heard(.online) { _ = try await BlockUser(user: $0.ada.user).run(in: $0.chat, as: $0.bob) })
    #expect(try await !heard(.online) { _ = try await BlockUser(user: $0.bob.user).run(in: $0.chat, as: $0.ada) })
  }

  @Test func `nobody hears himself`() async throws {
    let stage = try await Stage.set()
    #expect(try await !WouldHear(user: stage.ada.user).run(in: stage.chat, as: stage.ada))
  }
}

private struct EverybodyIs: PresenceDirectory {
  let status: Presence.Status?

  func attach(_ receiver: any PresenceReceiver) {}
  func arrived(_ user: UserID) {}
  func left(_ user: UserID) {}
  func watch(_ users: [UserID]) {}
  func unwatch(_ users: [UserID]) {}
  func presence(of users: [UserID]) async -> [Presence] {
    status.map { status in users.map { Presence(user: $0, status: status) } } ?? []
  }
}

/// A directory that knows of some that they are there, and of the others nothing.
private final class SomeAre: PresenceDirectory, @unchecked Sendable {
  var known: Set<UserID>

  init(known: Set<UserID>) { self.known = known }

  func attach(_ receiver: any PresenceReceiver) {}
  func arrived(_ user: UserID) {}
  func left(_ user: UserID) {}
  func watch(_ users: [UserID]) {}
  func unwatch(_ users: [UserID]) {}
  func presence(of users: [UserID]) async -> [Presence] {
    users.filter(known.contains).map { Presence(user: $0, status: .online) }
  }
}
