import Testing

@testable import Redis

@Suite("When a cluster is asked for its slots")
struct RefreshPlanTests {
  private static let seeds = [1, 2, 3].map { RedisAddress(host: "s", port: $0) }

  /// A plan with its dice.
  private final class Play {
    private var plan: RefreshPlan
    private var dice = SystemRandomNumberGenerator()
    init(_ seeds: [RedisAddress] = RefreshPlanTests.seeds) { plan = RefreshPlan(seeds: seeds, using: &dice) }
    func soon(after now: Int64) -> Int64 { plan.soon(after: now, using: &dice) }
    func ask(at now: Int64 = 0) -> RedisAddress? { plan.ask(at: now) }
    func failed(_ address: RedisAddress) -> Int64 { plan.failed(address, at: 0, using: &dice) }
    func next(allIsWell: Bool) -> Int64 { plan.next(after: 0, allIsWell: allIsWell, using: &dice) }

    /// A node tells that another has all slots.
    func believes(_ address: RedisAddress, tells port: Int64, epoch: Int64 = 0) throws -> Bool {
      let range = ClusterMapTests.range(0, 16_383, ClusterMapTests.node("s", port))
      var map = try ClusterMap(.array([range]), heardFrom: address)
      map.epoch = epoch
      return plan.answered(address, map)
    }
  }

  @Test("is at once, but a tenth of a second after the last time at the earliest")
  func gap() {
    let plan = Play()
    #expect((1_000...1_050).contains(plan.soon(after: 1_000)))
    _ = plan.ask(at: 1_000)
    #expect((1_100...1_150).contains(plan.soon(after: 1_010)))
    #expect((5_000...5_050).contains(plan.soon(after: 5_000)))
  }

  @Test(
    "is every half minute while all is well, soon and then each second while it is not, and each five when that is long"
  )
  func pace() {
    let plan = Play()
    let calm = (0..<200).map { _ in plan.next(allIsWell: true) }
    #expect(calm.allSatisfy { (27_000...30_000).contains($0) } && Set(calm).count > 100, "each at a moment of its own")
    #expect(plan.next(allIsWell: false) == 100)
    for _ in 1..<60 { #expect((100...1_000).contains(plan.next(allIsWell: false))) }
    let late = (0..<200).map { _ in plan.next(allIsWell: false) }
    #expect(late.allSatisfy { (100...5_000).contains($0) } && late.contains { $0 > 1_000 })
    _ = plan.next(allIsWell: true)
    #expect(plan.next(allIsWell: false) == 100)
  }

  @Test("goes round all nodes; who is silent comes last, and when all are, the pace slows down")
  func turns() throws {
    let plan = Play()
    var asked: Set<RedisAddress> = []
    for number in 0..<3 {
      let address = try #require(plan.ask())
      asked.insert(address)
      let next = plan.failed(address)
      #expect(number < 2 ? next <= 150 : next >= 100)
    }
    #expect(asked.count == 3)
    for _ in 0..<50 {
      let address = try #require(plan.ask())
      #expect(plan.failed(address) <= 1_000)
    }
    let silent = try #require(plan.ask())
    _ = plan.failed(silent)
    #expect(plan.ask() != silent)
  }

  @Test("asks those that an answer has named too")
  func named() throws {
    let plan = Play([Self.seeds[0]])
    #expect(try plan.believes(Self.seeds[0], tells: 9))
    let asked = Set((0..<4).compactMap { _ in plan.ask() })
    #expect(asked == [Self.seeds[0], RedisAddress(host: "s", port: 9)])
  }

  @Test("does not believe an older epoch, unless everybody tells one")
  func epochs() throws {
    let plan = Play()
    let (one, two) = (Self.seeds[0], Self.seeds[1])
    #expect(try plan.believes(one, tells: 1, epoch: 7))
    #expect(try plan.believes(two, tells: 2, epoch: 6) == false)
    #expect(try plan.believes(one, tells: 1, epoch: 7))
    for _ in 0..<3 { #expect(try plan.believes(two, tells: 2, epoch: 6) == false) }
    #expect(try plan.believes(two, tells: 2, epoch: 6))
    #expect(try plan.believes(two, tells: 2, epoch: 6))
    // Without CLUSTER INFO there are no epochs.
    #expect(try plan.believes(two, tells: 2))
  }
}
