import ChatCore
import Glibc

/// What this loop has published and is to hear again: the entries behind the very same bytes, so that they are not read
/// anew. Most of what a node hears of a conversation was sent through it, where the members of one are on one node.
///
/// - Limits: ``countMax`` payloads and ``bytesMax`` bytes of them; past either all are forgotten, and read when they
///   come.
/// - Isolation: its loop.
struct OwnPayloads {
  /// What leaves within a few ticks, before Redis has answered the first.
  static let countMax = 256
  /// 512 KiB, what a loop publishes in some ten milliseconds at its utmost.
  static let bytesMax = 512 * 1024

  private struct Kept {
    let payload: [UInt8]
    let entries: [Entry]
  }

  /// The oldest first.
  private var kept: [ConversationID: [Kept]] = [:]
  private var count = 0
  private var bytes = 0

  /// Keeps what was just published, if it comes back as it is.
  mutating func keep(_ payload: [UInt8], _ entries: [Entry], of conversation: ConversationID) {
    guard payload.count <= OwnPayloads.bytesMax / 4, entries.allSatisfy(OwnPayloads.isWhole) else { return }
    if count >= OwnPayloads.countMax || bytes + payload.count > OwnPayloads.bytesMax { self = OwnPayloads() }
    kept[conversation, default: []].append(Kept(payload: payload, entries: entries))
    count += 1
    bytes += payload.count
  }

  /// The entries behind those bytes, once. Redis keeps the order of a channel: what stands before them was lost.
  mutating func take(_ payload: [UInt8], of conversation: ConversationID) -> [Entry]? {
    guard var waiting = kept[conversation],
      let place = waiting.firstIndex(where: { OwnPayloads.areSame($0.payload, payload) })
    else { return nil }
    let entries = waiting[place].entries
    kept[conversation] = nil
    count -= place + 1
    bytes -= waiting[...place].reduce(0) { $0 + $1.payload.count }
    waiting.removeFirst(place + 1)
    if !waiting.isEmpty { kept[conversation] = waiting }
    return entries
  }

  /// Whether the payload tells all of it.
  private static func isWhole(_ entry: Entry) -> Bool {
    guard case .messageCreated(let message) = entry.event else { return false }
    return message.previousText == nil
  }

  private static func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { one in
      other.withUnsafeBytes { other in
        guard let left = one.baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, one.count) == 0
      }
    }
  }
}
