/// The ids of a session's requests under way: whether one is among them costs the same however many there are.
///
/// Two are the same if their bytes are: where an id stands is said by its bytes, and Swift takes texts for equal that
/// look alike.
///
/// - Limits: as many as its owner lets in, 10,000 at most (``RealtimeLimits/inFlightMax``); ids that are made to fall
///   together cost their session a walk over all.
/// - Cost: nothing while there is none.
struct RequestIDs {
  /// Each id stands at the place that its bytes say, or at the first free one after it; at least twice as many places
  /// as ids.
  private var slots: [String?] = []
  private var taken: UInt16 = 0

  /// What most sessions need at most, a power of two.
  private static let slotsFirst = 8
  private static let growth = 4

  var count: Int { Int(taken) }
  var isEmpty: Bool { taken == 0 }

  /// Places that are kept for ids.
  var capacity: Int { slots.capacity }

  func contains(_ id: String) -> Bool { place(of: id) != nil }

  /// Takes an id in that is not among them.
  mutating func insert(_ id: String) {
    if slots.count <= 2 * count { grow() }
    put(id)
    taken &+= 1
  }

  /// Takes an id out, if it is among them.
  mutating func remove(_ id: String) {
    guard var hole = place(of: id) else { return }
    taken &-= 1
    guard !isEmpty else { return slots = [] }
    slots[hole] = nil
    // Those behind it that stood there for want of a free place move up, so that they are found.
    var next = following(hole)
    while let moved = slots[next] {
      let wanted = home(of: moved)
      let isReached = hole < next ? hole < wanted && wanted <= next : hole < wanted || wanted <= next
      if !isReached {
        slots[hole] = moved
        slots[next] = nil
        hole = next
      }
      next = following(next)
    }
  }

  private func place(of id: String) -> Int? {
    guard !isEmpty else { return nil }
    var place = home(of: id)
    while let other = slots[place] {
      // By bytes, as they are scattered: Swift takes some ids for equal that are not the same.
      if other == id, other.utf8.elementsEqual(id.utf8) { return place }
      place = following(place)
    }
    return nil
  }

  private mutating func put(_ id: String) {
    var place = home(of: id)
    while slots[place] != nil { place = following(place) }
    slots[place] = id
  }

  private mutating func grow() {
    let old = slots
    slots = [String?](repeating: nil, count: max(Self.slotsFirst, Self.growth * old.count))
    for case let id? in old { put(id) }
  }

  private func following(_ place: Int) -> Int { (place &+ 1) & (slots.count &- 1) }

  /// Scattered, since a row of taken places is walked to its end when one is taken out of it.
  private func home(of id: String) -> Int {
    var id = id
    let hash = id.withUTF8 { bytes in
      var hash: UInt64 = 0
      for byte in bytes { hash = hash &* 31 &+ UInt64(byte) }
      return hash
    }
    return Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> 40) & (slots.count &- 1)
  }
}
