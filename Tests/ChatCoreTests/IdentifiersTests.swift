import ChatCore
import Testing

@Suite struct IdentifiersTests {
  @Test func `an id is taken apart into the counter and bucket it was made of`() throws {
    let bucket = try #require(Bucket(4095))
    let id = EntryID(counter: 5, bucket: bucket)
    #expect(id.rawValue == 5 << 12 | 4095)
    #expect(id.counter == 5)
    #expect(id.bucket == bucket)
  }

  @Test(
    arguments: [(0, false), (-1, false), (1, true), ((1 << 53) - 1, true), (1 << 53, false), (.max, false)]
      as [(Int64, Bool)])
  func `an id from outside is positive and exact in a double`(value: Int64, fits: Bool) {
    #expect((UserID(checking: value) != nil) == fits)
  }

  @Test(arguments: [(-1, false), (0, true), (4095, true), (4096, false)] as [(Int16, Bool)])
  func `there are 4096 buckets`(number: Int16, exists: Bool) {
    #expect((Bucket(number) != nil) == exists)
  }

  @Test func `the bucket of a pair does not depend on who asks`() {
    let (ada, bob) = (UserID(rawValue: 16_781_313), UserID(rawValue: 16_785_410))
    #expect(Bucket(ofPair: ada, bob) == Bucket(ofPair: bob, ada))
  }

  @Test func `buckets of names are the same for ever`() {
    // Known answers: a change here would lose every registered name.
    #expect(Bucket(ofUsernameKey: "ada").number == 541)
    #expect(Bucket(ofUsernameKey: "bob").number == 3564)
    #expect(Bucket(ofPair: UserID(rawValue: 1), UserID(rawValue: 2)).number == 3819)
  }

  @Test func `names spread over the buckets`() {
    let used = Set((0..<40_960).map { Bucket(ofUsernameKey: "user\($0)") })
    #expect(used.count > 4_000)
  }
}
