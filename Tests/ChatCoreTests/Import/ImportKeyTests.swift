import ChatCore
import Testing

@Suite struct ImportKeyTests {
  @Test("ids of keys differ by system, kind and key, keep their bucket, and are none that a store gives out")
  func ids() throws {
    let bucket = Bucket(ofUsernameKey: "ada")
    var users: Set<UserID> = []
    var groups: Set<ConversationID> = []
    for number in 0..<20_000 {
      for source in ["a", "b"] {
        let key = ImportKey(source: source, key: "\(number)")
        users.insert(key.user(in: bucket))
        groups.insert(key.group)
      }
    }
    #expect(users.count == 40_000 && groups.count == 40_000)
    #expect(users.allSatisfy { $0.bucket == bucket && $0.counter >= 1 << 40 && $0.rawValue <= UserID.rawValueMax })
    #expect(groups.allSatisfy { $0.counter >= 1 << 40 && $0.rawValue <= ConversationID.rawValueMax })
    #expect(Set(groups.map(\.bucket)).count > 4_000, "they spread over all buckets")
  }

  @Test("an id stays what it is for ever: running an import again depends on it")
  func fixed() {
    #expect(ImportKey(source: "umoc", key: "17").group.rawValue == 4_817_271_773_529_872)
  }
}
