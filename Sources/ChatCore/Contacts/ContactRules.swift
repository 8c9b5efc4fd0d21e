/// How two users come to know, like, block and forgive each other; pure, so that every store asks it inside the
/// transaction that stores the outcome.
///
/// - Source: design.md section 6; dialects.md 6.4 and 6.8 for last words, timeout and streak.
public enum ContactRules {
  /// What two are after a change that `caller` asks for.
  ///
  /// - Parameters:
  ///   - counts: how many contacts and blocks each has before it.
  ///   - limit: how many contacts each may have; blocking goes on to twice that.
  /// - Throws: `.notFound(.contact)` for what needs one that is not there; `.forbidden(.blocked)` for asking and adding
  ///   while one of the two blocks the other; `.conflict(.contactsFull)`, but for ``ContactChange/meet``, which then
  ///   does nothing.
  public static func outcome(
    of change: ContactChange, by caller: UserID, in old: ContactPair, counts: [UserID: Int64], limit: Int,
    at now: Timestamp
  ) throws(ChatError) -> ContactPair {
    var new = old
    try apply(change, by: caller, to: &new, at: now)
    if fits(new, instead: old, counts: counts, limit: limit) { return new }
    guard change == .meet else { throw .conflict(.contactsFull) }
    return old
  }

  private static func apply(
    _ change: ContactChange, by caller: UserID, to pair: inout ContactPair, at now: Timestamp
  ) throws(ChatError) {
    let other = pair.other(than: caller)
    switch change {
    case .request: try request(caller, other, &pair)
    case .accept: try accept(caller, other, &pair)
    case .deny:
      if pair[caller].tie == .requesting { untie(&pair) }
    case .add(let mutual):
      try refuseBlocked(pair)
      if pair[caller].state == nil {
        pair[caller].isInitiator = pair[other].state == nil
        pair[caller].isListed = true
      }
      if mutual, pair[other].state == nil { pair[other].isListed = true }
    case .remove(let mutual): try remove(caller, other, mutual: mutual, &pair)
    case .meet:
      if pair[caller].state == nil, pair[other].state == nil { pair[caller].isInitiator = true }
      for user in [caller, other] where pair[user].state == nil { pair[user].isListed = true }
    case .block(let kind):
      // Who has said his last words stays silent when he is blocked once more.
      if pair[caller].block == .none || kind == .blocked { pair[caller].block = kind }
    case .unblock: pair[caller].block = .none
    case .timeOut(let span): pair[caller].timeoutUntil = now.adding(milliseconds: span)
    case .reset:
      lift(caller, &pair)
      if pair[caller].tie != .none {
        pair[other].isListed = true
        untie(&pair)
      }
      pair[caller].isListed = true
    case .befriend:
      lift(caller, &pair)
      try request(caller, other, &pair)
    case .restore(let state, let isBlocked, let since):
      restore(state, isBlocked, since, caller, other, &pair)
    }
    for user in [caller, other] {
      if pair[user].state == nil {
        pair[user].since = nil
        pair[user].isInitiator = false
      } else if pair[user].since == nil {
        pair[user].since = now
      }
    }
  }

  private static func request(_ caller: UserID, _ other: UserID, _ pair: inout ContactPair) throws(ChatError) {
    guard pair[caller].tie != .accepted else { return }
    try refuseBlocked(pair)
    guard pair[other].tie != .requested else { return try accept(caller, other, &pair) }
    if pair[caller].state == nil, pair[other].state == nil { pair[caller].isInitiator = true }
    pair[caller].tie = .requested
    pair[other].tie = .requesting
  }

  private static func accept(_ caller: UserID, _ other: UserID, _ pair: inout ContactPair) throws(ChatError) {
    guard pair[caller].tie != .accepted else { return }
    guard pair[caller].tie == .requesting else { throw .notFound(.contact) }
    try refuseBlocked(pair)
    pair[caller].tie = .accepted
    pair[other].tie = .accepted
  }

  private static func remove(
    _ caller: UserID, _ other: UserID, mutual: Bool, _ pair: inout ContactPair
  ) throws(ChatError) {
    guard pair[caller].state != nil else { throw .notFound(.contact) }
    untie(&pair)
    pair[caller].isListed = false
    if mutual { pair[other].isListed = false }
  }

  /// Adds what was so elsewhere; never takes anything away, and asks no one's leave, since it has been given.
  private static func restore(
    _ state: ContactState?, _ isBlocked: Bool, _ since: Timestamp?, _ caller: UserID, _ other: UserID,
    _ pair: inout ContactPair
  ) {
    if state != nil, pair[caller].state == nil, pair[other].state == nil { pair[caller].isInitiator = true }
    switch state {
    case .accepted:
      for user in [caller, other] { pair[user].tie = .accepted }
    case .requested where pair[other].tie == .requested:
      for user in [caller, other] { pair[user].tie = .accepted }
    case .requested where pair[caller].tie == .none: (pair[caller].tie, pair[other].tie) = (.requested, .requesting)
    case .requesting where pair[caller].tie == .none: (pair[caller].tie, pair[other].tie) = (.requesting, .requested)
    case .new where pair[caller].state == nil: pair[caller].isListed = true
    case .new, .requested, .requesting, nil: break
    }
    for user in [caller, other] where pair[user].state != nil && pair[user].since == nil { pair[user].since = since }
    if isBlocked, pair[caller].block == .none { pair[caller].block = .blocked }
  }

  private static func untie(_ pair: inout ContactPair) {
    pair.lowSide.tie = .none
    pair.highSide.tie = .none
  }

  private static func lift(_ user: UserID, _ pair: inout ContactPair) {
    pair[user].block = .none
    pair[user].timeoutUntil = nil
  }

  private static func refuseBlocked(_ pair: ContactPair) throws(ChatError) {
    if pair.lowSide.block != .none || pair.highSide.block != .none { throw .forbidden(.blocked) }
  }

  private static func fits(
    _ new: ContactPair, instead old: ContactPair, counts: [UserID: Int64], limit: Int
  ) -> Bool {
    [old.low, old.high].allSatisfy { user in
      let count = counts[user] ?? 0
      if old[user].state == nil, new[user].state != nil, count >= limit { return false }
      return old[user].block != .none || new[user].block == .none || count / 2 < limit
    }
  }

  // MARK: Writing

  /// Lets `sender` write to the other, or be seen writing.
  ///
  /// - Throws: `.forbidden(.blocked)` while either blocks the other, unless last words are left; `.timedOut`.
  public static func checkWriting(_ pair: ContactPair, by sender: UserID, at now: Timestamp) throws(ChatError) {
    let other = pair[pair.other(than: sender)]
    if pair[sender].block != .none { throw .forbidden(.blocked) }
    if other.block != .none, !other.block.leavesLastWords { throw .forbidden(.blocked) }
    if let until = other.timeoutUntil, until > now { throw .timedOut(until: until) }
  }

  /// Lets `sender` say to the other what is no message of its own: an edit, a reaction, a file's address, that he is
  /// writing. Last words are one message and nothing besides.
  ///
  /// - Throws: as ``checkWriting(_:by:at:)``.
  public static func checkSaying(_ pair: ContactPair, by sender: UserID, at now: Timestamp) throws(ChatError) {
    if pair.isEstranged { throw .forbidden(.blocked) }
    try checkWriting(pair, by: sender, at: now)
  }

  /// Notes that `sender` has written: his last words are said; a streak grows once a UTC day when both have written
  /// within 24 hours, and is 0 when they have not.
  public static func noteSent(by sender: UserID, in pair: inout ContactPair, at now: Timestamp) {
    let other = pair.other(than: sender)
    if pair[other].block.leavesLastWords { pair[other].block = .said }
    if pair[sender].lastSent.map({ $0.adding(milliseconds: ContactPair.sentGrain) < now }) ?? true {
      pair[sender].lastSent = now
    }
    guard isMutual(pair, at: now) else {
      if pair.streak != nil { pair.streak = 0 }
      return
    }
    let day = now.milliseconds / 86_400_000
    guard pair.streakDay != day else { return }
    pair.streak = (pair.streak ?? 0) + 1
    pair.streakDay = day
  }

  private static func isMutual(_ pair: ContactPair, at now: Timestamp) -> Bool {
    [pair.lowSide, pair.highSide].allSatisfy { side in
      side.lastSent.map { $0.adding(milliseconds: ContactPair.streakWindow) > now } ?? false
    }
  }

  // MARK: Seeing

  /// One direction as its owner may see it: that he is blocked he learns only where last words were left to him.
  public static func contact(of owner: UserID, with other: Author, in pair: ContactPair, at now: Timestamp) -> Contact {
    let side = pair[owner]
    let until = side.timeoutUntil.flatMap { $0 > now ? $0 : nil }
    return Contact(
      user: other.id, username: other.username, state: side.state,
      label: label(side, facing: pair[other.id], isTimedOut: until != nil), isBlocked: side.block != .none,
      timeoutUntil: until, streak: pair.streak.map { isMutual(pair, at: now) ? $0 : 0 },
      isInitiator: side.isInitiator, since: side.since)
  }

  private static func label(
    _ side: ContactPair.Side, facing other: ContactPair.Side, isTimedOut: Bool
  ) -> ContactLabel? {
    switch side.block {
    case .blocked, .grace, .said: return .blocked
    case .lastWords: return .lastWords
    case .none: break
    }
    if other.block.isTold { return .lastWords }
    if isTimedOut { return .timeout }
    switch side.state {
    case .accepted, .requested: return .friend
    case .new, .requesting: return .new
    case nil: return nil
    }
  }

  /// What both are told of a change, each in his own log: the one whose view it changed, and no one else.
  public static func news(
    from old: ContactPair, to new: ContactPair, by caller: User, about other: User, at now: Timestamp
  ) -> [(reader: User, event: Event)] {
    var news: [(reader: User, event: Event)] = []
    for (reader, subject) in [(caller, other), (other, caller)] {
      let author = Author(id: subject.id, username: subject.username)
      let before = contact(of: reader.id, with: author, in: old, at: now)
      let after = contact(of: reader.id, with: author, in: new, at: now)
      if before.isBlocked != after.isBlocked {
        news.append((reader, .blockChanged(author, isBlocked: after.isBlocked)))
      }
      let isOnlyBlock = before.state == nil && after.state == nil && before.isBlocked != after.isBlocked
      if before != after, !isOnlyBlock { news.append((reader, .contactChanged(after))) }
    }
    return news
  }
}

/// What one may do to what two are to each other.
public enum ContactChange: Hashable, Sendable {
  /// Asks; a request of the other's is accepted at once.
  case request
  /// Accepts the other's request.
  case accept
  /// Turns the other's request down; nothing when there is none.
  case deny
  /// Adds without asking; where `mutual`, the other has the caller among his contacts too.
  case add(mutual: Bool)
  /// Ends it: the caller has no contact any more, the other at most one that he has added himself, or none where
  /// `mutual`.
  case remove(mutual: Bool)
  /// The two have written to each other: each has the other among his contacts.
  case meet
  /// Lets the other write no more: `.blocked`, or with last words `.grace` or `.lastWords`.
  case block(ContactBlock)
  /// Lets the other write again.
  case unblock
  /// Lets the other not write for so long.
  case timeOut(Milliseconds)
  /// Back to what two are who merely know each other: no block, no timeout, no request, no friendship.
  case reset
  /// Lifts what the caller holds against the other, and asks.
  case befriend
  /// What was so in another system, since then: the state as the caller sees it, and whether he lets the other not
  /// write.
  case restore(ContactState?, isBlocked: Bool, since: Timestamp?)
}

extension ContactChange {
  /// Whether it may be made though one of the two has no account any more.
  public var onlyEnds: Bool {
    switch self {
    case .remove, .unblock: true
    case .request, .accept, .deny, .add, .meet, .block, .timeOut, .reset, .befriend, .restore: false
    }
  }
}
