import ChatCore
import Delivery
import Testing

@testable import Dialects

@Suite struct RoomShelfTests {
  private let shelf = RoomShelf { "never asked" }
  private let ada = UserID(rawValue: 4_097)
  private let bob = UserID(rawValue: 8_193)
  private let rooms: Set = [ConversationID(rawValue: 4_096), ConversationID(rawValue: 8_192)]

  @Test func `what waits is taken once, by whose it is`() {
    shelf.put("p", rooms, of: ada, now: 0)
    #expect(shelf.take("p", of: bob, now: 1) == nil)
    #expect(shelf.take("p", of: ada, now: 1) == rooms)
    #expect(shelf.take("p", of: ada, now: 1) == nil)
  }

  @Test func `nothing waits longer than it may, and what has waited makes room`() {
    shelf.put("p", rooms, of: ada, now: 0)
    shelf.put("q", rooms, of: ada, now: 1)
    #expect(shelf.take("p", of: ada, now: RoomShelf.keptFor) == nil)
    shelf.put("r", rooms, of: ada, now: RoomShelf.keptFor + 1)
    #expect(shelf.count == 1)
  }

  @Test func `past the limit of sessions the oldest go`() {
    for number in 0...RoomShelf.sessionsMax { shelf.put("\(number)", rooms, of: ada, now: 0) }
    #expect(shelf.count == RoomShelf.sessionsMax)
    #expect(shelf.take("0", of: ada, now: 1) == nil)
    #expect(shelf.take("1", of: ada, now: 1) == rooms)
  }

  @Test func `past the limit of rooms the oldest go`() {
    let many = Set((1...Int64(RoomShelf.roomsMax)).map { ConversationID(rawValue: $0 << 12) })
    shelf.put("many", many, of: ada, now: 0)
    #expect(shelf.count == 1)
    shelf.put("more", rooms, of: ada, now: 0)
    #expect(shelf.take("many", of: ada, now: 1) == nil)
    #expect(shelf.take("more", of: ada, now: 1) == rooms)
  }
}
