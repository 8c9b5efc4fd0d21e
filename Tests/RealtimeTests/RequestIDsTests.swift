import TestKit
import Testing

@testable import Realtime

@Suite struct RequestIDsTests {
  @Test func `ids are found from when they come in until they are taken out, as in a set`() {
    var random = SeededDice(seed: 20_261_122)
    // Numbers in a row, and ids that all belong to one place.
    let names = (1...300).map(String.init) + (1...40).map { String(repeating: "\u{0}", count: $0) }
    var ids = RequestIDs()
    var model: Set<String> = []
    for _ in 0..<20_000 {
      let id = names[Int(random.next() % UInt64(names.count))]
      #expect(ids.contains(id) == model.contains(id))
      if model.insert(id).inserted {
        ids.insert(id)
      } else {
        model.remove(id)
        ids.remove(id)
      }
      #expect(ids.count == model.count)
    }
    for id in names { #expect(ids.contains(id) == model.contains(id)) }
  }

  /// Each took the other's place out where they stood side by side, and one of the two then stayed for ever.
  @Test func `ids that look alike but have other bytes are two`() {
    var random = SeededDice(seed: 1)
    for _ in 0..<2_000 {
      let number = random.next() % 1_000_000
      let (one, other) = ("\u{E9}\(number)", "e\u{301}\(number)")
      var ids = RequestIDs()
      ids.insert(one)
      #expect(ids.contains(one) && !ids.contains(other))
      ids.remove(other)
      ids.insert(other)
      ids.remove(one)
      #expect(ids.contains(other) && !ids.contains(one))
      ids.remove(other)
      #expect(ids.isEmpty)
    }
  }

  @Test func `nothing is kept when all are out`() {
    var ids = RequestIDs()
    for number in 1...100 { ids.insert("\(number)") }
    for number in 1...100 { ids.remove("\(number)") }
    ids.remove("1")
    #expect(ids.isEmpty)
    #expect(ids.capacity == 0)
  }

  @Test func `ids that only look the same are two, of which each is taken out`() {
    var random = SeededDice(seed: 7)
    // Equal to Swift.
    let names = (0..<6).flatMap { ["\($0)e\u{323}\u{307}", "\($0)e\u{307}\u{323}"] }
    for _ in 0..<500 {
      var ids = RequestIDs()
      for name in names.shuffled(using: &random) where !ids.contains(name) { ids.insert(name) }
      #expect(ids.count == names.count)
      for name in names.shuffled(using: &random) { ids.remove(name) }
      #expect(ids.isEmpty)
    }
  }
}
