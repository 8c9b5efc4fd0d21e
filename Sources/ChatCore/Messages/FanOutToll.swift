/// What an entry has taken from the deliveries that its crowd may cause; given back when nothing was told.
struct FanOutToll: Sendable {
  fileprivate let conversation: ConversationID
  fileprivate let deliveries: Int
  fileprivate var purse = Purse.everybodys
  /// Who was taken for a member without asking the store, maybe.
  fileprivate var writer: UserID?

  /// What it is taken from.
  fileprivate enum Purse: String {
    case everybodys = "fan_out"
    /// Those who are in and write are many and ask all the time; who comes asks now and then, and would find nothing
    /// left. A tenth more, for nothing else, lets five a second into a crowd of 10,000 that is told all it may be.
    case newcomers = "fan_out_newcomers"
    /// Whose account has ended goes at his leisure, and many may at once: out of everybody's they would take all from
    /// those who write. A fiftieth more lets one a second out of a crowd of 10,000.
    case gone = "fan_out_gone"

    /// Of what the limits say.
    var share: Double {
      switch self {
      case .everybodys: 1
      case .newcomers: 0.1
      case .gone: 0.02
      }
    }
  }
}

extension Chat {
  /// Pays for an entry that is about to be told to a conversation's members: in a crowd it costs as many deliveries as
  /// there are members, so that a room of ten thousand does not take the nodes' time from all others; and as many again
  /// for each kibibyte of text, which waits in a queue of each of them.
  ///
  /// - Returns: nil when it costs nothing, and for those who are no members, whom the store refuses.
  /// - Limits: ``Limits/fanOutPerSecond`` and ``Limits/fanOutBurst``; conversations of at most
  ///   ``Limits/signalMembersMax`` members are not counted, since what one user may send bounds them. However large the
  ///   crowd, an entry is let through when none was for long enough.
  /// - Throws: `.rateLimited`, with the time after which the crowd has deliveries for all its members.
  func payFanOut(in id: ConversationID, by user: UserID, of text: String) async throws(ChatError) -> FanOutToll? {
    guard limits.fanOutPerSecond > 0 else { return nil }
    let (members, seen) = try await crowd(in: id, seenBy: user)
    guard members > limits.signalMembersMax else { return nil }
    var toll = FanOutToll(conversation: id, deliveries: members * (1 + text.utf8.count / 1_024))
    toll.writer = user
    let now = clock.now.milliseconds
    let isKnown = await crowds.knowsWriter(user, in: id, at: now)
    if !isKnown {
      // The store refuses whoever is no member. He is not to see by another refusal that there is a crowd, nor to hold
      // its deliveries meanwhile.
      guard try await isMember(user, of: id, seen) else { return nil }
      await crowds.learnWriter(user, in: id, at: now)
    }
    let decision = await take(toll, 1)
    if decision.allowed { return toll }
    // He may have gone since he was seen.
    if isKnown, try await !isMember(user, of: id, nil) { return nil }
    throw .rateLimited(retryAfter: decision.retryAfter)
  }

  /// Pays for a change of a message; its conversation is looked up only where a crowd is known.
  func payFanOut(of message: EntryID, by user: UserID, _ text: String) async throws(ChatError) -> FanOutToll? {
    guard limits.fanOutPerSecond > 0, await crowds.mayBeCrowd(in: message.bucket),
      let found = try await messages.message(message, for: user)
    else { return nil }
    return try await payFanOut(in: found.conversation, by: user, of: text)
  }

  /// Pays for a coming, a going or a role, whose conversation has just been looked up. Who comes has something in
  /// reserve.
  ///
  /// - Returns: nil, too, for who leaves or is taken out when there are no deliveries left: nobody is kept where he is,
  ///   and a crowd that is told too much is when somebody may have to go.
  func payFanOut(
    of change: MembershipChange, in conversation: Conversation, of subject: UserID, by user: UserID
  ) async throws(ChatError) -> FanOutToll? {
    let members = conversation.memberCount
    guard limits.fanOutPerSecond > 0, members > limits.signalMembersMax else { return nil }
    // Whoever comes by himself is none yet; others must be, as above.
    if subject != user || change == .remove {
      guard try await isMember(user, of: conversation.id, nil) else { return nil }
    }
    var toll = FanOutToll(conversation: conversation.id, deliveries: members)
    let decision = await take(toll, 1)
    if decision.allowed { return toll }
    switch change {
    case .remove: return nil
    case .put(.some), .share: throw .rateLimited(retryAfter: decision.retryAfter)
    case .put(nil):
      toll.purse = .newcomers
      let reserve = await take(toll, 1)
      if reserve.allowed { return toll }
      throw .rateLimited(retryAfter: min(decision.retryAfter, reserve.retryAfter))
    }
  }

  /// Pays for the going of one whose account has ended, out of a purse that such as he have for themselves. Nobody
  /// waits for it, so it waits until the purse has enough.
  ///
  /// - Returns: nil when it costs nothing.
  /// - Limits: ``AccountCleanup/pauseMax``.
  /// - Throws: `.rateLimited` when that would not be enough; he is to go another time.
  func payForGone(
    in conversation: Conversation, waiting pause: (Milliseconds) async -> Void
  ) async throws(ChatError) -> FanOutToll? {
    let members = conversation.memberCount
    guard limits.fanOutPerSecond > 0, members > limits.signalMembersMax else { return nil }
    var toll = FanOutToll(conversation: conversation.id, deliveries: members)
    toll.purse = .gone
    var left = AccountCleanup.pauseMax
    while true {
      let decision = await take(toll, 1)
      if decision.allowed { return toll }
      // Others may take what it has waited for; so it looks no more often than this.
      let span = max(10, decision.retryAfter)
      guard span <= left else { throw .rateLimited(retryAfter: decision.retryAfter) }
      await pause(span)
      left -= span
    }
  }

  /// Nothing was told.
  func giveBack(_ toll: FanOutToll?) async {
    guard let toll else { return }
    if let writer = toll.writer { await crowds.forgetWriter(writer, in: toll.conversation) }
    _ = await take(toll, -1)
  }

  /// Notes that somebody writes to a conversation, and says how many members it has as far as that matters; and how he
  /// stands there, when it had to be looked up.
  @discardableResult
  func crowd(in id: ConversationID, seenBy user: UserID) async throws(ChatError) -> (Int, seen: MemberStanding?) {
    let now = clock.now.milliseconds
    switch await crowds.written(to: id, at: now) {
    case .unimportant: return (0, nil)
    case .members(let known): return (known, nil)
    case .wanted:
      let found: MemberStanding?
      do throws(ChatError) {
        found = try await messages.standing(of: user, in: id)
      } catch {
        // Who waited in vain here would only wait once more for the store.
        await crowds.learn(nil, of: id, at: now, isCrowd: false)
        throw error
      }
      let members = found?.memberCount ?? 0
      await crowds.learn(found?.memberCount, of: id, at: now, isCrowd: members > limits.signalMembersMax)
      return (members, found)
    }
  }

  private func isMember(_ user: UserID, of id: ConversationID, _ seen: MemberStanding?) async throws(ChatError) -> Bool
  {
    if let seen { return seen.member != nil }
    return try await messages.standing(of: user, in: id)?.member != nil
  }

  private func take(_ toll: FanOutToll, _ sign: Int) async -> RateDecision {
    await limiter.take(
      "\(toll.purse.rawValue):\(toll.conversation.rawValue)", cost: sign * toll.deliveries,
      capacity: max(Int(Double(limits.fanOutBurst) * toll.purse.share), toll.deliveries),
      refillPerSecond: limits.fanOutPerSecond * toll.purse.share)
  }
}
