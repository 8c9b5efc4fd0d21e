/// Takes away what an account that has ended leaves behind: its memberships, contacts, files that belong to nothing
/// else, and rows that only it has read.
///
/// Each step is a transaction of its own, and PostgreSQL alone knows what is left: whoever goes on after a crash begins
/// with what is still there. Who works at it says so every ten seconds, so that no other node does. A step that fails
/// does not keep the others from being done, only the note from being taken away.
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

  /// Conversations, contacts or files that are asked for at once.
  static let page = 100
  /// Rows dropped by one statement.
  static let rowsMax = 1_000
  /// Steps in a row that may find the database or the service of files away before the rest of their kind is left to
  /// another time: where it is away in part the others go on.
  static let failuresMax = 3
  /// Steps of one kind that may fail for whatever reason: some minutes, if each is ended by its deadline.
  static let failuresOfAllMax = 100
  /// Times that it begins anew for who was added to something meanwhile.
  private static let roundsMax = 3
  /// How long it waits for a crowd's deliveries.
  static let pauseMax: Milliseconds = 10_000
  /// How often it says that it is being worked at.
  static let touchInterval: Milliseconds = 10_000
  /// After so long without a sign of who works at it, another node does: a wait for a crowd and a statement that ends
  /// at its deadline are far shorter.
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
  /// - Throws: what a store said last; what is left is noted still.
  public func run(in chat: Chat) async throws(ChatError) -> Outcome {
    guard let gone = try await chat.cleanups.takeCleanup(of: user, idleFor: idleFor) else { return .notOurs }
    let progress = CleanupProgress(at: chat.clock.now)
    for _ in 0..<Self.roundsMax {
      await progress.part { () throws(ChatError) in try await leaveConversations(gone, chat, progress) }
      await progress.part { () throws(ChatError) in try await endContacts(gone, chat, progress) }
      await progress.part { () throws(ChatError) in try await dropFiles(gone, chat, progress) }
      // Not before: by his side of a contact it is found whom to tell.
      try progress.settle()
      while try await chat.cleanups.dropRows(of: user, limit: Self.rowsMax) { try await touch(chat, progress) }
      // It would only wait once more for the same crowd.
      if progress.isPostponed { return .unfinished }
      if try await chat.cleanups.finishCleanup(of: user) { return .done }
    }
    return .unfinished
  }

  private func touch(_ chat: Chat, _ progress: CleanupProgress) async throws(ChatError) {
    guard progress.isTouchDue(at: chat.clock.now) else { return }
    _ = try await chat.cleanups.takeCleanup(of: user, idleFor: 0)
  }

  private func leaveConversations(_ gone: User, _ chat: Chat, _ progress: CleanupProgress) async throws(ChatError) {
    var last: ConversationID?
    while true {
      let page = try await chat.cleanups.conversationsListed(of: user, after: last, limit: Self.page)
      for id in page {
        try await progress.attempt { () throws(ChatError) in
          if try await !leave(id, gone, chat) { progress.isPostponed = true }
        }
        try await touch(chat, progress)
      }
      guard page.count == Self.page else { return }
      last = page.last
    }
  }

  /// - Returns: false when the crowd may not be told now; he is in it still.
  private func leave(_ id: ConversationID, _ gone: User, _ chat: Chat) async throws(ChatError) -> Bool {
    let found = try await chat.conversations.conversation(id, for: user, members: 0)
    var toll: FanOutToll?
    if let found {
      do throws(ChatError) {
        toll = try await chat.payForGone(in: found, waiting: pause)
      } catch .rateLimited {
        return false
      }
    }
    let made: Made
    do throws(ChatError) {
      made = try await chat.cleanups.leave(id, user: gone)
    } catch {
      await chat.giveBack(toll)
      throw error
    }
    await chat.crowds.forgetWriter(user, in: id)
    if made.isEmpty { await chat.giveBack(toll) } else { chat.publisher.publish(made) }
    return true
  }

  /// Whom he knows, and who knows him, is told as by ``RemoveContact``; who has gone too is told nothing.
  private func endContacts(_ gone: User, _ chat: Chat, _ progress: CleanupProgress) async throws(ChatError) {
    var last: UserID?
    while true {
      let page = try await chat.contacts.contacts(
        of: user, in: Set(ContactState.allCases), after: last, limit: Self.page)
      // A page may lack a row that tells of nobody, so that only an empty one is the last.
      guard let next = page.last?.user else { return }
      for other in try await chat.users.users(page.map(\.user)) {
        try await progress.attempt { () throws(ChatError) in try await endContact(gone, other, chat) }
        try await touch(chat, progress)
      }
      last = next
    }
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

  private func dropFiles(_ gone: User, _ chat: Chat, _ progress: CleanupProgress) async throws(ChatError) {
    var picture: FileID?
    try await progress.attempt { () throws(ChatError) in picture = try await self.picture(of: gone, chat) }
    var last: FileID?
    repeat {
      last = try await chat.files.retireUnshared(of: user, and: picture, after: last, limit: Self.page)
      try await touch(chat, progress)
    } while last != nil
    while true {
      let left = try await chat.files.leftovers(
        of: user, olderThan: UploadFile.abandonedAfter, after: last, limit: Self.page)
      guard let next = left.last else { return }
      for file in left {
        try await progress.attempt { () throws(ChatError) in try await chat.drop(file) }
        try await touch(chat, progress)
      }
      last = next
    }
  }

  private func picture(of gone: User, _ chat: Chat) async throws(ChatError) -> FileID? {
    guard let name = gone.avatarURL?.split(separator: "/").last.flatMap({ PublicFileName(parsing: String($0)) }),
      let picture = try await chat.files.file(name.id), name.opens(picture)
    else { return nil }
    return picture.id
  }
}
