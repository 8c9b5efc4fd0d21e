import ChatCore
import EntryText

/// What one published message carries: entries of one conversation, or a signal.
///
/// Redis is shared and anybody in its network may publish, so nothing of a payload is believed: what is not exactly
/// ours, or speaks of another conversation than its topic's, is dropped and counted; what it might have been, the log
/// repairs.
///
/// - Shape: entries as ``EntryText`` writes them, `{"v":1,"c":5121,"e":[…]}`; signals as in ``SignalText``.
/// - Source: reliability.md C2, numbers 113, 117 and 118.
enum Payload: Hashable, Sendable {
  case entries([Entry])
  case signal(Signal)

  /// Why a payload was dropped.
  enum Fault: Error, Hashable, Sendable {
    /// Not the text of a payload in a version that we know.
    case malformed
    /// It speaks of another conversation or user than its topic's.
    case foreign
    /// A `seq` or an id that no row can have.
    case impossible
  }

  /// Reads what arrived on a topic.
  init(_ bytes: [UInt8], on topic: Topic) throws(Fault) {
    if SignalText.isSignal(bytes) {
      guard let signal = SignalText.signal(from: bytes) else { throw .malformed }
      guard SignalText.topic(of: signal) == topic else { throw .foreign }
      self = .signal(signal)
      return
    }
    guard let entries = bytes.withUnsafeBytes({ EntryText.entries(fromPayload: $0) }), let first = entries.first else {
      throw .malformed
    }
    guard topic == .conversation(first.conversation) else { throw .foreign }
    guard entries.allSatisfy(Payload.isPossible) else { throw .impossible }
    self = .entries(entries)
  }

  /// Clients read `seq` as a double; what none of them could keep was never stored.
  private static func isPossible(_ entry: Entry) -> Bool {
    entry.seq > 0 && entry.seq <= EntryID.rawValueMax && entry.id.bucket == entry.conversation.bucket
  }
}
