/// What an entry has taken from the deliveries that its crowd may cause; given back when nothing was told.
struct FanOutToll: Sendable {
  fileprivate let conversation: ConversationID
  fileprivate let deliveries: Int
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
    let members = try await crowd(in: id, seenBy: user)
    guard members > limits.signalMembersMax else { return nil }
    // The store refuses whoever is no member. He is not to see by another refusal that there is a crowd, nor to hold
    // its deliveries meanwhile.
    guard let standing = try await messages.standing(of: user, in: id), standing.member != nil else { return nil }
    let toll = FanOutToll(conversation: id, deliveries: members * (1 + text.utf8.count / 1_024))
    let decision = await take(toll, 1)
    guard decision.allowed else { throw .rateLimited(retryAfter: decision.retryAfter) }
    return toll
  }

  /// Pays for a change of a message; its conversation is looked up only where a crowd is known.
  func payFanOut(of message: EntryID, by user: UserID, _ text: String) async throws(ChatError) -> FanOutToll? {
    guard limits.fanOutPerSecond > 0, await crowds.mayBeCrowd(in: message.bucket),
      let found = try await messages.message(message, for: user)
    else { return nil }
    return try await payFanOut(in: found.conversation, by: user, of: text)
  }

  /// Nothing was told.
  func giveBack(_ toll: FanOutToll?) async {
    guard let toll else { return }
    _ = await take(toll, -1)
  }

  /// Notes that somebody writes to a conversation, and says how many members it has as far as that matters.
  @discardableResult
  func crowd(in id: ConversationID, seenBy user: UserID) async throws(ChatError) -> Int {
    let now = clock.now.milliseconds
    switch await crowds.written(to: id, at: now) {
    case .unimportant: return 0
    case .members(let known): return known
    case .wanted:
      let found: Int?
      do throws(ChatError) {
        found = try await messages.standing(of: user, in: id)?.memberCount
      } catch {
        // Who waited in vain here would only wait once more for the store.
        await crowds.learn(nil, of: id, at: now, isCrowd: false)
        throw error
      }
      await crowds.learn(found, of: id, at: now, isCrowd: found ?? 0 > limits.signalMembersMax)
      return found ?? 0
    }
  }

  private func take(_ toll: FanOutToll, _ sign: Int) async -> RateDecision {
    await limiter.take(
      "fan_out:\(toll.conversation.rawValue)", cost: sign * toll.deliveries,
      capacity: max(limits.fanOutBurst, toll.deliveries), refillPerSecond: limits.fanOutPerSecond)
  }
}
