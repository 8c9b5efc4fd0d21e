/// How many members the busy conversations of a loop have, as far as somebody looked.
///
/// Most conversations are written to now and then: they are never looked up. One that is written to twice within
/// ``window`` is, and what was found holds for ``keptFor``.
///
/// - Limits: between `keysMax` and twice as many conversations are remembered, and `keysMax` who write to crowds; what
///   was forgotten is looked up again.
/// - Isolation: an actor without an executor of its own, so that calls from a loop stay on it.
public actor CrowdSizes {
  /// What is known of a conversation that somebody writes to.
  enum Finding: Sendable, Hashable {
    /// Nothing, and it is not busy, or somebody is looking.
    case unimportant
    /// Nothing, and it is busy: to be looked up.
    case wanted
    case members(Int)
  }

  /// Two messages within a second: the pace of a lively talk, and of a tenth of what one member of a crowd may do.
  static let window: Milliseconds = 1_000
  /// A minute: crowds grow by joining, one transaction at a time.
  static let keptFor: Milliseconds = 60_000

  private struct Seen {
    var at: Milliseconds
    var members: Int?
    /// Somebody is looking: what stands here is from before.
    var isLookedUp = false
    /// Whether that many are a crowd.
    var isCrowd = false
  }

  /// Ten seconds: of what somebody writes in a row, one message in many is preceded by a look-up.
  static let writerFor: Milliseconds = 10_000

  private struct Writer: Hashable {
    let user: UserID
    let conversation: ConversationID
  }

  private let keysMax: Int
  private var young: [ConversationID: Seen] = [:]
  private var old: [ConversationID: Seen] = [:]
  /// Where the crowds are of those in ``young``, and where those were that stood there before.
  private var crowded: Set<Bucket> = []
  private var crowdedBefore: Set<Bucket> = []
  /// Until when who was seen to be a member of a crowd counts as one.
  private var writers: [Writer: Milliseconds] = [:]

  /// Knows none. 10,000 conversations take about a megabyte.
  public init(keysMax: Int = 10_000) { self.keysMax = max(1, keysMax) }

  /// How many conversations are remembered.
  var count: Int { young.count + old.count }

  /// Whether a crowd was found in that bucket lately.
  func mayBeCrowd(in bucket: Bucket) -> Bool { crowded.contains(bucket) || crowdedBefore.contains(bucket) }

  /// Somebody writes there.
  func written(to id: ConversationID, at now: Milliseconds) -> Finding {
    guard let seen = young[id] ?? old.removeValue(forKey: id), seen.at <= now else {
      remember(Seen(at: now), id)
      return .unimportant
    }
    if let members = seen.members, now - seen.at < CrowdSizes.keptFor {
      remember(seen, id)
      return .members(members)
    }
    // Looked up for this one alone; the others of the same moment go by what was known, or are let pass.
    let isBusy = seen.members != nil || now - seen.at < CrowdSizes.window
    remember(
      Seen(at: now, members: isBusy ? seen.members ?? 0 : nil, isLookedUp: isBusy, isCrowd: seen.isCrowd), id)
    return isBusy ? .wanted : .unimportant
  }

  /// Until when a conversation counts as having at most so many members; nil when nobody knows that.
  func isAtMost(_ most: Int, _ id: ConversationID) -> Milliseconds? {
    guard let seen = young[id] ?? old[id], !seen.isLookedUp, let members = seen.members, members <= most else {
      return nil
    }
    return seen.at + CrowdSizes.keptFor
  }

  /// It has so many members; nil when nobody can say.
  func learn(_ members: Int?, of id: ConversationID, at now: Milliseconds, isCrowd: Bool) {
    remember(Seen(at: now, members: members, isCrowd: isCrowd), id)
  }

  // MARK: Who writes

  /// Whether he was seen to be a member of it a moment ago.
  func knowsWriter(_ user: UserID, in id: ConversationID, at now: Milliseconds) -> Bool {
    now < writers[Writer(user: user, conversation: id)] ?? now
  }

  /// He is a member of it.
  func learnWriter(_ user: UserID, in id: ConversationID, at now: Milliseconds) {
    if writers.count >= keysMax { writers = [:] }
    writers[Writer(user: user, conversation: id)] = now + CrowdSizes.writerFor
  }

  /// Nobody knows whether he still is; or he was seen to leave.
  public func forgetWriter(_ user: UserID, in id: ConversationID) {
    writers[Writer(user: user, conversation: id)] = nil
  }

  private func remember(_ seen: Seen, _ id: ConversationID) {
    if young[id] == nil, young.count >= keysMax {
      old = young
      young = [:]
      crowdedBefore = crowded
      crowded = []
    }
    young[id] = seen
    if seen.isCrowd { crowded.insert(id.bucket) }
  }
}
