import ChatCore

/// Where a session sits in each of its rooms: few for most, some thousands for some.
///
/// - Cost: 16 bytes a room behind one header, found by halving; a dictionary of two takes three times as much, and each
///   idle session has one.
struct SeatList {
  /// Where a session sits in a room.
  enum Seat: Equatable {
    /// In the room's members, at that index.
    case live(Int)
    /// Among those that catch up, at that index.
    case catchingUp(Int)
  }

  private struct Taken {
    let conversation: ConversationID
    /// The index among the members; among those that catch up its complement, which is negative.
    var index: Int

    var seat: Seat { index < 0 ? .catchingUp(~index) : .live(index) }
  }

  /// Ascending by conversation.
  private var taken: [Taken] = []

  subscript(_ conversation: ConversationID) -> Seat? {
    get {
      let place = place(of: conversation)
      return isTaken(place, conversation) ? taken[place].seat : nil
    }
    set {
      let place = place(of: conversation)
      switch (newValue, isTaken(place, conversation)) {
      case (let seat?, true): taken[place].index = SeatList.index(of: seat)
      case (let seat?, false):
        taken.insert(Taken(conversation: conversation, index: SeatList.index(of: seat)), at: place)
      case (nil, true): taken.remove(at: place)
      case (nil, false): break
      }
    }
  }

  /// Ascending.
  var conversations: [ConversationID] { taken.map(\.conversation) }

  private func isTaken(_ place: Int, _ conversation: ConversationID) -> Bool {
    place < taken.count && taken[place].conversation == conversation
  }

  /// Where it stands, or would.
  private func place(of conversation: ConversationID) -> Int {
    var (low, high) = (0, taken.count)
    while low < high {
      let middle = low + (high - low) / 2
      if taken[middle].conversation < conversation { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func index(of seat: Seat) -> Int {
    switch seat {
    case .live(let index): index
    case .catchingUp(let index): ~index
    }
  }
}
