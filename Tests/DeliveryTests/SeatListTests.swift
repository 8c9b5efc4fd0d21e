import ChatCore
import Testing

@testable import Delivery

@Suite struct SeatListTests {
  @Test func `it answers as a dictionary does, whatever is taken and left`() {
    var dice = Numbers(state: 7)
    var list = SeatList()
    var model: [ConversationID: SeatList.Seat] = [:]
    for _ in 0..<2_000 {
      let id = ConversationID(rawValue: Int64(dice.next() % 40))
      let seat: SeatList.Seat? =
        switch dice.next() % 3 {
        case 0: nil
        case 1: .catchingUp(Int(dice.next() % 9))
        default: .live(Int(dice.next() % 9))
        }
      list[id] = seat
      model[id] = seat
      #expect(list[id] == seat)
      #expect(list.conversations == model.keys.sorted())
    }
    #expect(!model.isEmpty)
    for id in Int64(0)..<40 { #expect(list[ConversationID(rawValue: id)] == model[ConversationID(rawValue: id)]) }
  }

  /// The same numbers each time.
  private struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }
}
