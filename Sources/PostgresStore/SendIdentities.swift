import ChatCore

extension Send {
  /// Whether both are the same send; two of a batch must not be.
  ///
  /// By bytes, because Swift takes canonically equal strings for equal and the database does not.
  func isSame(as other: Send) -> Bool {
    message.conversation == other.message.conversation && message.sender == other.message.sender
      && key.utf8.elementsEqual(other.key.utf8)
  }

  /// Equal for sends that are the same, and hardly ever for others, not even for keys that were made to be.
  fileprivate var mark: UInt64 {
    var hash = SendIdentities.seed ^ UInt64(bitPattern: message.conversation.rawValue)
    func mix(_ word: UInt64) {
      let (high, low) = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      hash = high ^ low ^ SendIdentities.seed
    }
    mix(UInt64(bitPattern: message.sender.rawValue))
    var key = key
    key.withUTF8 { bytes in
      let raw = UnsafeRawBufferPointer(bytes)
      var place = 0
      while place &+ 8 <= raw.count {
        mix(raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        place &+= 8
      }
      var rest: UInt64 = UInt64(raw.count)
      while place < raw.count {
        rest = rest &<< 8 | UInt64(raw[place])
        place &+= 1
      }
      mix(rest)
    }
    return hash
  }
}

/// Which sends a batch has: a table of their places in it.
///
/// - Limits: the room that it is made with.
struct SendIdentities {
  fileprivate static let seed = UInt64.random(in: .min ... .max)
  /// Each stands at the place that its mark says, or at the first free one after it; -1 is free.
  private var slots: [Int32]

  /// A table for that many sends, with twice as many places at least.
  init(room: Int) {
    var places = 8
    while places < 2 * room { places *= 2 }
    slots = [Int32](repeating: -1, count: places)
  }

  /// Takes a send in that is to stand next in the batch; false when it is there already.
  mutating func insert(_ send: Send, next batch: [Send]) -> Bool {
    let most = slots.count &- 1
    var slot = Int(truncatingIfNeeded: send.mark) & most
    while slots[slot] >= 0 {
      if batch[Int(slots[slot])].isSame(as: send) { return false }
      slot = (slot &+ 1) & most
    }
    slots[slot] = Int32(truncatingIfNeeded: batch.count)
    return true
  }
}
