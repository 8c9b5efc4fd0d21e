import Testing

@testable import Node

@Suite struct DiceTests {
  @Test("numbers are all different, also beyond what is fetched at once, and of two loops")
  func different() {
    let (one, other) = (Dice(), Dice())
    let drawn = (0..<200).map { _ in one.next() } + (0..<200).map { _ in other.next() }
    #expect(Set(drawn).count == drawn.count)
  }

  @Test("a number below a bound is below it, and each of a few comes")
  func below() {
    let dice = Dice()
    #expect(Set((0..<1_000).map { _ in dice.next(below: 3) }) == [0, 1, 2])
    #expect(dice.next(below: 0) == 0 && dice.next(below: 1) == 0)
  }
}
