/// Where committed entries and signals go out to the other nodes. What it loses, the log repairs.
public protocol Publisher: Sendable {
  /// Tells all nodes that follow the entries' conversations; after the commit, once; never waits, never fails.
  func publish(_ entries: [Entry])
  /// The same of one.
  func publish(_ entry: Entry)
  /// Tells the nodes that follow the user or conversation concerned; may be lost.
  func announce(_ signal: Signal)
}

extension Publisher {
  /// The same of one.
  public func publish(_ entry: Entry) { publish([entry]) }
}

/// What a socket node listens to.
public enum Topic: Hashable, Sendable {
  /// The entries and signals of one conversation.
  case conversation(ConversationID)
  /// The signals that concern one user: signing out, the end of his account.
  case user(UserID)

  /// Where its conversation or user lives.
  public var bucket: Bucket {
    switch self {
    case .conversation(let id): id.bucket
    case .user(let id): id.bucket
    }
  }
}

/// What carries entries and signals between nodes; at most once, in no promised order.
///
/// - Isolation: one a loop; called and calling back on that loop only.
public protocol Broker: Publisher {
  /// Who is told; set once before the first ``follow(_:)``.
  func attach(_ receiver: any BrokerReceiver)
  /// Begins to listen; the receiver hears ``BrokerReceiver/following(_:)`` once it is certain that nothing published
  /// later is missed.
  func follow(_ topic: Topic)
  /// Ends it.
  func unfollow(_ topic: Topic)
}

/// Who hears the broker.
public protocol BrokerReceiver: AnyObject {
  /// Entries of one conversation arrived; maybe twice, maybe out of order, maybe with others missing.
  func received(_ entries: [Entry])
  /// A signal arrived.
  func received(_ signal: Signal)
  /// From now on everything that is published on the topic arrives, as long as the broker is not interrupted.
  func following(_ topic: Topic)
  /// A connection is gone: what is published on these topics from now on is missed, until ``following(_:)`` comes again
  /// for each.
  func interrupted(_ interruption: Interruption)
}
