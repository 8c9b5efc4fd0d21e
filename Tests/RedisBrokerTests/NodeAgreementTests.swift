import JSONText
import Testing

@testable import RedisBroker

@Suite("What nodes must have in common")
struct NodeAgreementTests {
  private static func agreement(
    _ settings: [String: String] = ["MARTLET_TOKEN_LIFETIME_S": "600"], refresh: String = "aa", keys: [String] = ["k1"],
    accepts: Bool = false, language: Int64 = NodeAgreement.spoken
  ) -> NodeAgreement {
    NodeAgreement(
      settings: settings, secrets: ["MARTLET_REFRESH_KEY": refresh],
      keys: keys.map { .init(id: $0, digest: "digest of \($0)") }, accepts: accepts, language: language)
  }

  private static let usual = agreement()

  @Test("nodes that have all in common have no differences, and one that says nothing has the defaults")
  func equal() {
    #expect(Self.usual.differences(from: Self.usual, of: "api-1") == [])
    #expect(Self.agreement([:]).differences(from: Self.agreement([:]), of: "api-1") == [])
  }

  @Test("a setting that differs is named, with both values and the other node")
  func settings() {
    let other = Self.agreement(["MARTLET_TOKEN_LIFETIME_S": "700"])
    #expect(
      Self.usual.differences(from: other, of: "api-1")
        == ["MARTLET_TOKEN_LIFETIME_S is 600 here and 700 at api-1"])
    #expect(
      Self.usual.differences(from: Self.agreement([:]), of: "api-1")
        == ["MARTLET_TOKEN_LIFETIME_S is 600 here and the default at api-1"])
  }

  @Test("a secret that differs is named without its digest")
  func secrets() {
    #expect(
      Self.usual.differences(from: Self.agreement(refresh: "bb"), of: "api-1")
        == ["MARTLET_REFRESH_KEY is not the same here and at api-1"])
  }

  @Test("another database is one difference, and a node that does not say which makes none")
  func database() {
    let (one, two) = (Self.usual.on(database: "1763"), Self.usual.on(database: "1764"))
    #expect(
      one.differences(from: two, of: "api-1") == ["MARTLET_DATABASE_URL leads to another database here than at api-1"])
    #expect(one.differences(from: one, of: "api-1") == [])
    #expect(one.differences(from: Self.usual, of: "api-1") == [] && Self.usual.differences(from: one, of: "a") == [])
  }

  @Test("keys change one after the other: behind the old one everywhere, then in front, then alone")
  func rotation() {
    for (here, there) in [(["k1"], ["k1", "k2"]), (["k1", "k2"], ["k2", "k1"]), (["k2", "k1"], ["k2"])] {
      let (one, two) = (Self.agreement(keys: here), Self.agreement(keys: there))
      #expect(one.differences(from: two, of: "x") == [], "\(here) \(there)")
      #expect(two.differences(from: one, of: "x") == [], "\(there) \(here)")
    }
    #expect(
      Self.agreement(keys: ["k2", "k1"]).differences(from: Self.usual, of: "api-1")
        == ["MARTLET_TOKEN_KEYS signs by 'k2' here, which api-1 does not know"])
    #expect(
      Self.usual.differences(from: Self.agreement(keys: ["k2", "k1"]), of: "api-1")
        == ["MARTLET_TOKEN_KEYS does not know 'k2' here, by which api-1 signs"])
    let other = NodeAgreement(
      settings: ["MARTLET_TOKEN_LIFETIME_S": "600"], secrets: ["MARTLET_REFRESH_KEY": "aa"],
      keys: [.init(id: "k1", digest: "of another key")])
    #expect(
      Self.usual.differences(from: other, of: "api-1")
        == ["MARTLET_TOKEN_KEYS has another key 'k1' here than at api-1"])
  }

  @Test("while either side is told to accept, they stand beside each other; another protocol is never accepted")
  func accepting() {
    let other = Self.agreement(["MARTLET_TOKEN_LIFETIME_S": "700"], accepts: true)
    #expect(Self.usual.differences(from: other, of: "x") == [])
    #expect(other.differences(from: Self.usual, of: "x") == [])
    #expect(other.unequal(to: Self.usual, of: "x").count == 1)
    let stranger = Self.agreement(accepts: true, language: 2)
    #expect(
      Self.usual.differences(from: stranger, of: "x") == ["the protocol between nodes is 1 here and 2 at x"])
  }

  @Test("it is read back as it was written, and what is not one is none")
  func text() throws {
    for agreement in [Self.usual, Self.agreement([:], keys: []), Self.agreement(accepts: true)] {
      var writer = JSONWriter()
      writer.object(agreement.write)
      let value = try JSONValue(parsing: writer.finish())
      #expect(NodeAgreement(value) == agreement)
    }
    #expect(NodeAgreement(["settings": [:]]) == nil)
    let partly = NodeAgreement(["protocol": 1, "settings": ["a": 1], "keys": [["id": "x"]]])
    #expect(partly?.settings == [:])
    #expect(partly?.keys == [])
  }
}
