import ChatCore

/// The sessions of a room that have everything, and who of them has yet to be told an entry that the room has passed.
///
/// A crowd is told in several turns of the loop, one entry after the other. In front stand those who have been told it,
/// then those who are to be, then those who came later and have it from elsewhere. Who goes leaves a hole in his part:
/// the last of that part fills it, and his hole the last of the next. So each is told each entry once and in order, and
/// nobody one from before he came.
///
/// - Cost: nothing for a session; a session that goes moves one other for each entry that is being told.
struct Audience {
  private struct Telling {
    let entry: EncodedEntry
    /// Those in front of it have been told; only the oldest has begun.
    var told = 0
    /// Those from it on came later.
    var end: Int
  }

  private(set) var members: ContiguousArray<HubSession> = []
  /// The oldest first.
  private var tellings: [Telling] = []

  /// How many entries not all have been told.
  var waiting: Int { tellings.count }

  /// One who has everything that the room has passed.
  mutating func add(_ session: HubSession, in conversation: ConversationID) {
    session.sit(.live(members.count), in: conversation)
    members.append(session)
  }

  mutating func remove(at place: Int, in conversation: ConversationID) {
    guard members.indices.contains(place) else { return }
    members[place].sit(nil, in: conversation)
    var hole = place
    func fill(_ members: inout ContiguousArray<HubSession>, from last: Int) {
      guard last != hole else { return }
      members[hole] = members[last]
      members[hole].sit(.live(hole), in: conversation)
      hole = last
    }
    for index in tellings.indices {
      if hole < tellings[index].told {
        tellings[index].told -= 1
        fill(&members, from: tellings[index].told)
      }
      if hole < tellings[index].end {
        tellings[index].end -= 1
        fill(&members, from: tellings[index].end)
      }
    }
    fill(&members, from: members.count - 1)
    members.removeLast()
  }

  // MARK: Telling

  /// An entry is to be told to all who are here now.
  mutating func tell(_ entry: EncodedEntry) { tellings.append(Telling(entry: entry, end: members.count)) }

  /// The places of the next who are to be told the oldest entry, and whether they are its last; they count as told.
  mutating func next(atMost most: Int) -> (entry: EncodedEntry, to: Range<Int>, areLast: Bool)? {
    guard let oldest = tellings.first else { return nil }
    let end = oldest.told + min(most, oldest.end - oldest.told)
    if end == oldest.end { tellings.removeFirst() } else { tellings[0].told = end }
    return (oldest.entry, oldest.told..<end, end == oldest.end)
  }

  /// What the session at that place has yet to be told, the oldest first.
  func missing(at place: Int) -> [EncodedEntry] {
    tellings.filter { $0.told <= place && place < $0.end }.map(\.entry)
  }
}
