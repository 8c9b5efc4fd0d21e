/// What a node of a cluster says to a command that it does not carry out.
///
/// - Source: Redis cluster specification, "MOVED redirection", "ASK redirection", "Multiple keys operations".
enum Redirection: Hashable, Sendable {
  /// Another node has the slot; where it is said to be, when that can be read.
  case moved(HashSlot, RedisAddress?)
  /// The slot is on its way to another node, and this key is there already.
  case ask(HashSlot, RedisAddress?)
  /// The slot is on its way and the keys of this command are on both nodes: in a moment they are on one.
  case again
  /// Nobody has the slot, or the cluster takes itself for broken, or the node is still reading its files.
  case down

  /// Reads a refusal; nothing when it is about something else.
  init?(_ refusal: String, by speaker: RedisAddress) {
    let words = refusal.split(separator: " ", maxSplits: 3)
    switch words.first {
    case "MOVED", "ASK":
      guard words.count >= 3, let slot = Int64(words[1]).flatMap(HashSlot.init(number:)) else { return nil }
      let address = Redirection.address(words[2], speaker)
      self = words[0] == "ASK" ? .ask(slot, address) : .moved(slot, address)
    case "TRYAGAIN": self = .again
    case "CLUSTERDOWN", "MASTERDOWN", "LOADING": self = .down
    default: return nil
    }
  }

  private static func address(_ text: Substring, _ speaker: RedisAddress) -> RedisAddress? {
    guard let colon = text.lastIndex(of: ":"), let port = Int64(text[text.index(after: colon)...]) else { return nil }
    return RedisAddress(host: String(text[..<colon]), port: port, heardFrom: speaker)
  }
}
