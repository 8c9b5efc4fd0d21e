/// Takes away what an account that has ended leaves behind: its memberships, contacts, files that belong to nothing
/// else, and rows that only it has read.
///
/// Each step is a transaction of its own, and PostgreSQL alone knows what is left: whoever goes on after a crash begins
/// with what is still there. Who works at it says so once a page, so that no other node does.
///
/// - Cost: a transaction a conversation and a contact, one after the other, so that who is in thousands of them takes
///   no more of the database than one who leaves them by hand.
/// - Source: ``MembershipRules`` for who owns what he leaves; this module's page for what stays.
public struct AccountCleanup: Sendable {
  /// What came of it.
  public enum Outcome: Hashable, Sendable {
    /// Nothing is left.
    case done
    /// Something is: it is noted still.
    case unfinished
    /// Somebody else does it, or it is done.
    case notOurs
  }

  /// Conversations, contacts or files that are looked at before it is said again who works at it.
  static let page = 100
  /// Rows dropped by one statement.
  static let rowsMax = 1_000
  /// Steps that may fail before the rest is left to another time: where the database is away in part the others go on.
  static let failuresMax = 3
  /// Times that it begins anew for who was added to something meanwhile.
  private static let roundsMax = 3
  /// How long it waits for a crowd's deliveries.
  static let pauseMax: Milliseconds = 1_000
  /// After so long without a sign of who works at it, another node does: many pages' worth.
  public static let idleMax: Milliseconds = 60_000

  /// Whose.
  public let user: UserID
  /// For how long nobody may have worked at it.
  public let idleFor: Milliseconds
  private let pause: @Sendable (Milliseconds) async -> Void

  /// Collects what is asked.
  ///
  /// - Parameters:
  ///   - idleFor: 0 for who has ended it himself.
  ///   - pause: waits for so many milliseconds.
  public init(
    of user: UserID, idleFor: Milliseconds = 0, pause: @escaping @Sendable (Milliseconds) async -> Void
  ) {
    self.user = user
    self.idleFor = idleFor
    self.pause = pause
  }

  /// Does all of it.
  ///
  /// - Throws: what a store said; what is left is noted still.
  public func run(in chat: Chat) async throws(ChatError) -> Outcome {
    guard let gone = try await chat.cleanups.takeCleanup(of: user, idleFor: idleFor) else { return .notOurs }
    for _ in 0..<Self.roundsMax {
      try await leaveConversations(gone, chat)
      try await endContacts(gone, chat)
      try await dropFiles(gone, chat)
      while try await chat.cleanups.dropRows(of: user, limit: Self.rowsMax) { try await touch(chat) }
      if try await chat.cleanups.finishCleanup(of: user) { return .done }
    }
    return .unfinished
  }

  private func touch(_ chat: Chat) async throws(ChatError) {
    _ = try await chat.cleanups.takeCleanup(of: user, idleFor: 0)
  }

  private func leaveConversations(_ gone: User, _ chat: Chat) async throws(ChatError) {
    var failures = Failures()
    var last: ConversationID?
    while true {
      let page = try await chat.cleanups.conversationsListed(of: user, after: last, limit: Self.page)
      for id in page { try await failures.count { () throws(ChatError) in try await leave(id, gone, chat) } }
      guard page.count == Self.page else { break }
      last = page.last
      try await touch(chat)
    }
    try failures.settle()
  }

  private func leave(_ id: ConversationID, _ gone: User, _ chat: Chat) async throws(ChatError) {
    let found = try await chat.conversations.conversation(id, for: user, members: 0)
    var toll: FanOutToll?
    if let found { toll = await chat.payForGone(in: found, waiting: pause) }
    let made: Made
    do throws(ChatError) {
      made = try await chat.cleanups.leave(id, user: gone)
    } catch {
      await chat.giveBack(toll)
      throw error
    }
    await chat.crowds.forgetWriter(user, in: id)
    if made.isEmpty { await chat.giveBack(toll) } else { chat.publisher.publish(made) }
  }

  /// Whom he knows, and who knows him, is told as by ``RemoveContact``; who has gone too is told nothing.
  private func endContacts(_ gone: User, _ chat: Chat) async throws(ChatError) {
    var failures = Failures()
    var last: UserID?
    while true {
      let page = try await chat.contacts.contacts(
        of: user, in: Set(ContactState.allCases), after: last, limit: Self.page)
      let others = try await chat.users.users(page.map(\.user))
      for other in others {
        try await failures.count { () throws(ChatError) in try await endContact(gone, other, chat) }
      }
      guard page.count == Self.page else { break }
      last = page.last?.user
      try await touch(chat)
    }
    try failures.settle()
  }

  private func endContact(_ gone: User, _ other: User, _ chat: Chat) async throws(ChatError) {
    let made: Made
    do throws(ChatError) {
      made = try await chat.contacts.change(
        .remove(mutual: true), by: gone, to: other, limit: chat.limits.contactsPerUserMax
      ).made
    } catch {
      // The other has ended it meanwhile.
      if error == .notFound(.contact) { return }
      throw error
    }
    if !made.isEmpty { chat.publisher.publish(made) }
  }

  private func dropFiles(_ gone: User, _ chat: Chat) async throws(ChatError) {
    if let name = gone.avatarURL?.split(separator: "/").last.flatMap({ PublicFileName(parsing: String($0)) }),
      let picture = try await chat.files.file(name.id), name.opens(picture),
      try await chat.files.conversations(of: picture.id, limit: 1).isEmpty
    {
      _ = try await chat.files.retire(picture.id, of: user)
    }
    var last: FileID?
    repeat {
      last = try await chat.files.retireUnshared(of: user, after: last, limit: Self.page)
      try await touch(chat)
    } while last != nil
    while true {
      let left = try await chat.files.leftovers(of: user, olderThan: UploadFile.abandonedAfter, limit: Self.page)
      guard !left.isEmpty else { return }
      for file in left { try await chat.drop(file) }
      try await touch(chat)
    }
  }
}

/// Steps that failed, of which a few do not keep the others from being done.
private struct Failures {
  private var number = 0
  private var last: ChatError?

  mutating func count(_ step: () async throws(ChatError) -> Void) async throws(ChatError) {
    do throws(ChatError) {
      try await step()
    } catch {
      number += 1
      last = error
      if number > AccountCleanup.failuresMax { throw error }
    }
  }

  /// - Throws: the last of them.
  func settle() throws(ChatError) {
    if let last { throw last }
  }
}

/// Goes on with what other nodes have left: once a minute in the whole cluster, whoever asks first.
public struct AccountCleanups: Sendable {
  /// How often somebody looks.
  public static let interval: Milliseconds = 60_000
  /// Accounts of one look.
  static let most = 100

  private let pause: @Sendable (Milliseconds) async -> Void

  /// - Parameter pause: waits for so many milliseconds.
  public init(pause: @escaping @Sendable (Milliseconds) async -> Void) { self.pause = pause }

  /// Looks, and does what it finds, one account after the other.
  ///
  /// - Throws: what a store said last; the other accounts are done.
  public func run(in chat: Chat) async throws(ChatError) {
    let turn = await chat.limiter.take(
      "account_cleanups", cost: 1, capacity: 1, refillPerSecond: 1_000 / Double(Self.interval))
    guard turn.allowed else { return }
    var failures = Failures()
    for user in try await chat.cleanups.idleCleanups(for: AccountCleanup.idleMax, limit: Self.most) {
      try await failures.count { () throws(ChatError) in
        _ = try await AccountCleanup(of: user, idleFor: AccountCleanup.idleMax, pause: pause).run(in: chat)
      }
    }
    try failures.settle()
  }
}
