/// What clients did and saw, as one list of facts that checkers judge afterwards.
///
/// Kept as Jepsen keeps it: a send begins, then is acknowledged, refused, or its outcome is unknown. What is unknown
/// may have been stored or not, but neither lost afterwards nor stored twice.
/// - Source: jepsen.io, operations `invoke`, `ok`, `fail`, `info`.
public struct History: Sendable {
  /// What became of a send.
  public enum Outcome: Sendable, Equatable {
    /// Under way, or nobody knows.
    case unknown
    /// Acknowledged under that id and place.
    case acknowledged(id: Int64, seq: Int64)
    /// Refused for good, with the problem's code.
    case refused(String)
  }

  /// One message that somebody wanted to say; repetitions under the same client id belong to it.
  public struct Send: Sendable, Equatable {
    /// Whose.
    public var user: Int64
    /// Where.
    public var conversation: Int64
    /// The sender's own id.
    public var clientID: String
    /// When it was first sent.
    public var invokedAt: Moment
    /// When its outcome was known.
    public var endedAt: Moment?
    /// What came of it.
    public var outcome = Outcome.unknown
    /// How often it was sent.
    public var attempts = 1
    /// The longest that one attempt waited for its answer, in microseconds.
    public var longestAttempt: Moment = 0
    /// When that attempt began.
    public var longestAttemptAt: Moment = 0

    /// A send that has begun.
    public init(user: Int64, conversation: Int64, clientID: String, invokedAt: Moment) {
      self.user = user
      self.conversation = conversation
      self.clientID = clientID
      self.invokedAt = invokedAt
    }
  }

  /// One entry that a session was sent.
  public struct Delivery: Sendable, Equatable {
    /// Which session, as an index into ``History/sessions``.
    public var session: Int
    /// Where.
    public var conversation: Int64
    /// Its place.
    public var seq: Int64
    /// The message's id; 0 for what is no message.
    public var message: Int64
    /// When.
    public var at: Moment

    /// Collects the facts.
    public init(session: Int, conversation: Int64, seq: Int64, message: Int64, at: Moment) {
      self.session = session
      self.conversation = conversation
      self.seq = seq
      self.message = message
      self.at = at
    }
  }

  /// One connection of a client.
  public struct Session: Sendable, Equatable {
    /// Which client, by number; several sessions of one client are one view.
    public var client: Int
    /// Whose.
    public var user: Int64
    /// What it said it had, for each conversation; what it had not named began at the head that the reply told.
    public var heads: [Int64: Int64]
    /// When the resume was answered.
    public var resumedAt: Moment?
    /// When it ended.
    public var closedAt: Moment?
    /// With which code.
    public var closeCode: UInt16?

    /// A session that has begun.
    public init(client: Int, user: Int64, heads: [Int64: Int64] = [:], resumedAt: Moment? = nil) {
      self.client = client
      self.user = user
      self.heads = heads
      self.resumedAt = resumedAt
    }
  }

  /// All sends.
  public var sends: [Send] = []
  /// All deliveries, in the order in which they came.
  public var deliveries: [Delivery] = []
  /// All sessions.
  public var sessions: [Session] = []
  /// What ``Starvation`` and ``Standstill`` said together while this happened, ascending.
  public var starvation: [(at: Moment, waited: Moment)] = []

  /// Nothing has happened.
  public init() {}

  /// How long the test waited for a core or stood still between two moments, as far as anybody looked; in microseconds.
  public func starved(from begin: Moment, to end: Moment) -> Moment {
    guard let first = starvation.last(where: { $0.at <= begin }) ?? starvation.first,
      let last = starvation.first(where: { $0.at >= end }) ?? starvation.last
    else { return 0 }
    return max(0, last.waited - first.waited)
  }
}

/// What the cluster says afterwards: the logs as stored, and who was a member when.
public struct FinalState: Sendable {
  /// One stored entry.
  public struct Entry: Sendable, Equatable {
    /// Its place.
    public var seq: Int64
    /// The message's id; 0 for what is no message.
    public var message: Int64
    /// The sender's id and his own id of the message.
    public var sender: Int64
    /// The sender's own id, if it is a message that has one.
    public var clientID: String?

    /// Collects the facts.
    public init(seq: Int64, message: Int64 = 0, sender: Int64 = 0, clientID: String? = nil) {
      self.seq = seq
      self.message = message
      self.sender = sender
      self.clientID = clientID
    }
  }

  /// From where to where somebody may hear a conversation.
  public struct Membership: Sendable, Equatable {
    /// Who.
    public var user: Int64
    /// Where.
    public var conversation: Int64
    /// The places that he may see.
    public var seqs: ClosedRange<Int64>

    /// Collects the facts.
    public init(user: Int64, conversation: Int64, seqs: ClosedRange<Int64> = 1...Int64.max) {
      self.user = user
      self.conversation = conversation
      self.seqs = seqs
    }
  }

  /// The stored logs, ascending.
  public var logs: [Int64: [Entry]] = [:]
  /// Who was a member when.
  public var memberships: [Membership] = []

  /// Nothing is stored.
  public init() {}
}
