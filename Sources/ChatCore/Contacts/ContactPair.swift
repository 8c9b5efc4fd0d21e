/// Everything that two users are to each other: the one row that decides, which lives in the pair's bucket, where the
/// direct conversation lives or would live. A user's list of contacts is made from it.
public struct ContactPair: Hashable, Sendable {
  /// What one of the two has said of the other.
  public struct Side: Hashable, Sendable {
    /// Whether he has the other among his contacts without asking: added, or by a first message.
    public var isListed = false
    /// What became of asking; `accepted` on both sides or on none, `requested` faces `requesting`.
    public var tie = ContactTie.none
    /// Whether he lets the other write.
    public var block = ContactBlock.none
    /// Until when he does not, without a block.
    public var timeoutUntil: Timestamp?
    /// Since when the other is his contact.
    public var since: Timestamp?
    /// Whether he was the first of the two to add or ask.
    public var isInitiator = false
    /// When he last wrote, to within ``ContactPair/sentGrain``.
    public var lastSent: Timestamp?

    /// A side of two who do not know each other.
    public init() {}
  }

  /// How exactly it is remembered when somebody last wrote: a lively conversation then writes the row once a minute
  /// instead of with each message. Days are what is counted.
  public static let sentGrain: Milliseconds = 60_000
  /// How long after a message its writer counts as writing, for the streak.
  public static let streakWindow: Milliseconds = 86_400_000

  /// The user with the smaller id.
  public let low: UserID
  /// The other.
  public let high: UserID
  /// What the first has said.
  public var lowSide = Side()
  /// What the second has said.
  public var highSide = Side()
  /// How many days both have written, as of the last message; nil when there was never one.
  public var streak: Int64?
  /// The UTC day, counted from 1970-01-01, that was the last to count.
  public var streakDay: Int64?

  /// Two users, in any order, who do not know each other yet.
  public init(_ one: UserID, _ other: UserID) {
    low = min(one, other)
    high = max(one, other)
  }

  /// Where the row lives: with the direct conversation of the two.
  public var bucket: Bucket { Bucket(ofPair: low, high) }

  /// Whether one of the two has blocked the other.
  public var isEstranged: Bool { lowSide.block != .none || highSide.block != .none }

  /// What a user has said of the other.
  public subscript(user: UserID) -> Side {
    get { user == low ? lowSide : highSide }
    set { if user == low { lowSide = newValue } else { highSide = newValue } }
  }

  /// The other of the two.
  public func other(than user: UserID) -> UserID { user == low ? high : low }

  /// Whether each has the other among his contacts, so that a message makes no new ones.
  public var areAcquainted: Bool { lowSide.state != nil && highSide.state != nil }
}

extension ContactPair.Side {
  /// How far he sees them come.
  public var state: ContactState? {
    switch tie {
    case .none: isListed ? .new : nil
    case .requested: .requested
    case .requesting: .requesting
    case .accepted: .accepted
    }
  }
}

/// What became of asking, on one side.
public enum ContactTie: String, Sendable, CaseIterable {
  /// Nobody has asked.
  case none
  /// He has asked.
  case requested
  /// The other has asked.
  case requesting
  /// Both want it.
  case accepted
}

/// Whether one lets the other write.
public enum ContactBlock: String, Sendable, CaseIterable {
  /// He does.
  case none
  /// Not at all; the other is not told.
  case blocked
  /// One message more; the other is told so.
  case grace
  /// The same, and the owner's own word for it is ``ContactLabel/lastWords``, until it has been said.
  case lastWords = "last_words"
  /// That message has been written.
  case said

  /// Whether one more message passes.
  public var leavesLastWords: Bool { self == .grace || self == .lastWords }
  /// Whether the other is told.
  public var isTold: Bool { leavesLastWords || self == .said }
}
