/// Whose turn it is to write in each conversation: its ready seats, one after the other.
///
/// - Isolation: the crew's loop.
final class Rota {
  private let followed: [[Int]]
  private var lists: [[Int32]]
  private var turns: [Int]
  /// The conversations in which this worker has seats, ready or not.
  let local: [Int]

  init(_ order: Order) {
    followed = order.followed
    lists = [[Int32]](repeating: [], count: order.scenario.conversationCount)
    turns = [Int](repeating: 0, count: lists.count)
    var present = Set<Int>()
    for user in Set(order.seats) { present.formUnion(order.followed[user]) }
    local = present.sorted()
  }

  func add(_ seat: Seat) {
    for conversation in followed[seat.user] { lists[conversation].append(Int32(seat.index)) }
  }

  func remove(_ seat: Seat) {
    for conversation in followed[seat.user] {
      guard let place = lists[conversation].firstIndex(of: Int32(seat.index)) else { continue }
      lists[conversation].swapAt(place, lists[conversation].count - 1)
      lists[conversation].removeLast()
    }
  }

  /// Ready seats in a conversation.
  func count(in conversation: Int) -> Int { lists[conversation].count }

  /// The seat whose turn it is; nothing when nobody is there.
  func next(in conversation: Int) -> Int? {
    let list = lists[conversation]
    guard !list.isEmpty else { return nil }
    turns[conversation] = (turns[conversation] &+ 1) % list.count
    return Int(list[turns[conversation]])
  }
}
