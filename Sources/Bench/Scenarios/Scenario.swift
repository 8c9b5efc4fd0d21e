/// What a run does, as its file says.
///
/// - Shape: ``shape``; the files are in `benchmarks/scenarios`.
struct Scenario: Sendable {
  /// Who talks with whom.
  enum Conversations: Sendable, Equatable {
    /// Nobody: each connection only follows its user's own affairs.
    case none
    /// So many rooms, to which users go in turn.
    case rooms(Int)
    /// Pairs: each user with so many of those that follow him.
    case direct(contacts: Int)
  }

  /// How messages are sent.
  enum Load: Sendable, Equatable {
    /// So many under way in each conversation; the next is sent when one has arrived.
    case closed(inFlight: Int, until: Until)
    /// So many a second over all, whatever becomes of them; latency counts from when each was due.
    case open(perSecond: Double)
  }

  /// When a message of a closed loop has arrived.
  enum Until: String, Sendable, CaseIterable {
    /// When all connections of its sender's worker have it.
    case delivered
    /// When the server has acknowledged it.
    case acknowledged
  }

  /// What people do besides writing.
  enum Action: String, Sendable, CaseIterable {
    /// Tells that somebody writes.
    case typing
    /// Marks a conversation as read.
    case read
    /// Reads a page of 50 by REST.
    case history
    /// Asks by REST who is there.
    case presence
    /// Loses the connection, comes back and resumes.
    case reconnect
  }

  /// One action and how often it is done, over all connections.
  struct Habit: Sendable, Equatable {
    /// What.
    let action: Action
    /// How often a second.
    let perSecond: Double
  }

  /// Many lose their connections at once.
  struct Storm: Sendable, Equatable {
    /// Seconds after measuring has begun.
    let after: Double
    /// The share of all connections.
    let share: Double
  }

  /// The file's name, and that of its results.
  var name: String
  /// One line for a report.
  var title: String
  /// What it can be driven by, the first by itself.
  var wires: [Wire]
  /// How a foreign server calls things.
  var peer = PeerEvents()
  /// Sockets in all.
  var connections: Int
  /// Users in all; with more connections than users each has several devices.
  var users: Int
  /// Who talks with whom.
  var conversations: Conversations
  /// Connections that are being made at once.
  var connectInFlight: Int
  /// Users that each connection watches for presence.
  var watched: Int
  /// How messages are sent, if any are.
  var load: Load?
  /// What is done besides.
  var habits: [Habit]
  /// Whether many lose their connections.
  var storm: Storm?
  /// Seconds between the last connection and the look at an idle target.
  var settle: Double
  /// Seconds of load before measuring.
  var warm: Double
  /// Seconds of measuring.
  var measure: Double
  /// Seconds that the last deliveries may take.
  var drain: Double
  /// Bytes of a message's text.
  var textBytes: Int

  /// How many conversations there are.
  var conversationCount: Int {
    switch conversations {
    case .none: 0
    case .rooms(let count): count
    case .direct(let contacts): users * pairs(contacts)
    }
  }

  /// Contacts that follow a user and are not the same pair seen from the other side.
  private func pairs(_ contacts: Int) -> Int { min(contacts, max(0, (users - 1) / 2)) }

  /// The users of a conversation, the one who makes it first.
  func members(of conversation: Int) -> [Int] {
    switch conversations {
    case .none: return []
    case .rooms(let count):
      if count >= users { return [conversation % users] }
      return Array(stride(from: conversation, to: users, by: count))
    case .direct(let contacts):
      let each = max(1, pairs(contacts))
      let user = conversation / each
      return [user, (user + 1 + conversation % each) % users]
    }
  }
}
