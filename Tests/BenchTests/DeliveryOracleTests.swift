import Testing

@testable import Bench

@Suite struct DeliveryOracleTests {
  /// One listener whose log was at 10 when he came, and what he then heard.
  private func oracle(_ heard: [Int64]) -> DeliveryOracle {
    var oracle = DeliveryOracle(slots: 1)
    oracle.begin(0, at: 10)
    for seq in heard { oracle.received(0, seq) }
    return oracle
  }

  @Test("everything once and in order is clean")
  func clean() {
    let oracle = oracle(Array(11...500))
    #expect(oracle.owed(0, upTo: 500) == 0 && oracle.repeated == 0 && oracle.reordered == 0 && oracle.checked == 490)
    #expect(oracle.head(of: 0) == 500)
  }

  @Test("what never came is owed, in the middle and at the end")
  func lost() {
    #expect(oracle([11, 12, 14, 15]).owed(0, upTo: 15) == 1)
    #expect(oracle([11, 12, 13]).owed(0, upTo: 16) == 3)
    #expect(oracle([]).owed(0, upTo: 12) == 2)
    #expect(oracle([11, 200]).owed(0, upTo: 200) == 188)
  }

  @Test("what comes again is repeated, also when it is long ago")
  func repeated() {
    #expect(oracle([11, 11]).repeated == 1)
    #expect(oracle([11, 12, 13, 11]).repeated == 1)
    #expect(oracle(Array(11...300) + [12]).repeated == 1)
    #expect(oracle([10]).repeated == 1, "he had it when he came")
    #expect(oracle([11, 13, 11]).reordered == 0)
  }

  @Test("what comes after later ones is reordered, and no longer missing")
  func reordered() {
    let swapped = oracle([11, 13, 12, 14])
    #expect(swapped.reordered == 1 && swapped.repeated == 0 && swapped.owed(0, upTo: 14) == 0)
    let thrice = oracle([11, 15, 14, 13, 12, 13])
    #expect(thrice.reordered == 3 && thrice.repeated == 1 && thrice.owed(0, upTo: 15) == 0)
  }

  @Test("who has not begun is owed nothing, and begins with what he hears first")
  func beginnings() {
    var oracle = DeliveryOracle(slots: 2)
    #expect(oracle.owed(0, upTo: 100) == 0 && oracle.head(of: 0) == nil)
    oracle.received(0, 50)
    oracle.begin(0, at: 3)
    #expect(oracle.owed(0, upTo: 52) == 2)
    oracle.received(7, 1)
    #expect(oracle.owed(7, upTo: 9) == 0, "a view that does not exist")
  }

  @Test("what is named as too far behind is not owed, and what follows is")
  func skipped() {
    var oracle = oracle([11, 13])
    oracle.skip(0, to: 900)
    oracle.received(0, 901)
    #expect(oracle.owed(0, upTo: 902) == 1 && oracle.repeated == 0)
  }

  @Test("no number traps")
  func extremes() {
    var oracle = oracle([.max, .min, 0, -5, .max])
    let finding = oracle.received(0, 1)
    #expect(finding != .next)
  }

  @Test("random deliveries are judged as by a plain list", arguments: 0..<40)
  func agreesWithAList(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    var order = (1...60).map { Int64($0) }.filter { _ in UInt64.random(in: 0..<10, using: &random) > 0 }
    for _ in 0..<5 {
      let place = Int.random(in: 0..<(order.count - 1), using: &random)
      order.swapAt(place, place + 1)
    }
    order.insert(order[3], at: 20)
    var oracle = DeliveryOracle(slots: 1)
    oracle.begin(0, at: 0)
    for seq in order { oracle.received(0, seq) }
    #expect(oracle.owed(0, upTo: 60) == 60 - Int64(Set(order).count), "seed \(seed)")
    #expect(oracle.repeated == 1, "seed \(seed)")
    var (highest, seen, late) = (Int64(0), Set<Int64>(), 0)
    for seq in order where seen.insert(seq).inserted {
      if seq < highest { late += 1 }
      highest = max(highest, seq)
    }
    #expect(oracle.reordered == late, "seed \(seed)")
  }
}

@Suite struct VerdictTests {
  @Test("one fault of any kind is enough, doubt and paging are none")
  func clean() {
    #expect(Verdict().isClean)
    for path in [\Verdict.lost, \.repeated, \.reordered, \.foreign, \.absent] {
      var verdict = Verdict()
      verdict[keyPath: path] = 1
      #expect(!verdict.isClean)
      #expect(Verdict(verdict.json) == verdict)
      verdict.merge(verdict)
      #expect(verdict[keyPath: path] == 2)
    }
    var doubtful = Verdict()
    (doubtful.inDoubt, doubtful.behind) = (3, 4)
    #expect(doubtful.isClean && doubtful.sentence.contains("3 sends unanswered"))
  }
}
