import ChatCore
import Testing

@testable import PostgresStore

@Suite("Lanes that are due")
struct DueLanesTests {
  @Test("a heavy line rests as long as its transaction took, if others want a machine that is full")
  func rest() {
    let (others, heavy) = (DueLanes(), DueLanes())
    others.departedAt = 1_000
    heavy.rest(after: 8, at: 1_100, others: others) { false }
    #expect(heavy.restsUntil == 0, "there are cores for all")
    heavy.rest(after: 8, at: 1_100, others: others) { true }
    #expect(heavy.restsUntil == 1_108)
    heavy.rest(after: 4_000, at: 1_200, others: others) { true }
    #expect(heavy.restsUntil == 1_200 + DueLanes.restMax)
    heavy.rest(after: 8, at: 1_000 + DueLanes.othersRemembered, others: others) { true }
    #expect(heavy.restsUntil == 1_200 + DueLanes.restMax, "nobody else has sent for a while")
  }

  @Test("a bucket is heavy while much of it waits, and a while after much has departed")
  func heavy() throws {
    let now = Int64(0)
    let bucket = try #require(Bucket(7))
    var heavy = HeavyBuckets()
    heavy.departed(bucket, sends: HeavyBuckets.from - 1, at: now)
    func isHeavy(sends: Int, at now: Int64) -> Bool {
      let (line, own) = (DueLanes(), DueLanes())
      line.waiting = [bucket]
      heavy.leave(line, for: own, among: 1, at: now) { _ in sends }
      #expect(line.waiting + own.waiting == [bucket])
      return own.waiting == [bucket]
    }
    #expect(!isHeavy(sends: HeavyBuckets.from - 1, at: now))
    #expect(isHeavy(sends: HeavyBuckets.from, at: now))
    heavy.departed(bucket, sends: HeavyBuckets.from, at: now)
    #expect(isHeavy(sends: 1, at: now + HeavyBuckets.remembered - 1))
    #expect(!isHeavy(sends: 1, at: now + HeavyBuckets.remembered))
  }
}
