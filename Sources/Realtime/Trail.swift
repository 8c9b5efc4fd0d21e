import ChatCore
import Delivery

/// What a session has been sent: enough to go on from any of the last entries that its client names.
///
/// - Limits: ``stepsMax`` entries can be named; a client that missed more comes in anew.
struct Trail: Sendable {
  /// Entries that a client may name: 512, what may be on its way to a client whose connection dies without a word.
  static let stepsMax = 512

  /// The last entry of each conversation that has been sent, or that was there when it began.
  private(set) var heads: [ConversationID: Int64] = [:]
  private var steps: [EntryPlace] = []
  private var isWhole = true
  /// Whether everything up to ``heads`` has been sent; not before the first resume has ended.
  private(set) var hasResumed = false

  /// An entry was put into the send queue.
  mutating func sent(_ place: EntryPlace) {
    heads[place.conversation] = place.seq
    steps.append(place)
    // Dropped in half-full heaps, so that a step costs nothing on average.
    guard steps.count >= 2 * Trail.stepsMax else { return }
    steps.removeFirst(steps.count - Trail.stepsMax)
    isWhole = false
  }

  /// A resume has ended that reached those heads.
  mutating func resumed(_ reached: [ConversationID: Int64]) {
    heads.merge(reached) { max($0, $1) }
    hasResumed = true
  }

  /// Whether it says of all of them what has been sent.
  func covers(_ conversations: some Sequence<ConversationID>) -> Bool { conversations.allSatisfy { heads[$0] != nil } }

  /// Goes back to where the client says that it is; nil when that is not known here.
  ///
  /// - Parameter offset: of the last entry that the client has; nil when it has none.
  func rewound(to offset: String?) -> Trail? {
    guard hasResumed else { return nil }
    let kept: Int
    if let offset {
      guard let place = Trail.place(at: offset), let index = steps.lastIndex(of: place) else { return nil }
      kept = index + 1
    } else {
      guard isWhole else { return nil }
      kept = 0
    }
    var trail = self
    for place in steps[kept...].reversed() { trail.heads[place.conversation] = place.seq &- 1 }
    trail.steps = Array(steps[..<kept])
    return trail
  }

  // MARK: Offsets

  static func offset(of place: EntryPlace) -> String { "\(place.conversation.rawValue):\(place.seq)" }

  private static func place(at offset: String) -> EntryPlace? {
    let parts = offset.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let id = Int64(parts[0]).flatMap({ ConversationID(checking: $0) }),
      let seq = Int64(parts[1])
    else { return nil }
    return EntryPlace(id, seq)
  }
}
