import RedisBroker
import Testing

@testable import Node

@Suite("What settings must be equal")
struct AgreementTests {
  private static let key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210"
  private static let other = "13579bdf02468ace0f1e2d3c4b5a6978fedcba98765432100123456789abcdef"

  private static func agreement(_ settings: [String: String]) throws -> NodeAgreement {
    try Configuration.read(settings, for: .develop).agreement
  }

  private static func differences(_ here: [String: String], _ there: [String: String]) throws -> [String] {
    try agreement(here).differences(from: agreement(there), of: "api-1")
  }

  @Test("each setting that is marked as equal makes a difference by its own name, and no other setting makes one")
  func settings() throws {
    for row in Reference.rows where row.type == "number" || row.type == "word" {
      let ends = row.range.split(separator: " ").compactMap { Int($0) }
      let value = row.type == "word" ? "other" : String(row.defaultText == "\(ends[0])" ? ends[1] : ends[0])
      var configuration = Configuration()
      try row.store(&configuration, value)
      let found = configuration.agreement.differences(from: Configuration().agreement, of: "api-1")
      #expect(
        found.map { $0.hasPrefix("\(row.variable) is \(value) here") } == (row.isShared ? [true] : []), "\(row.name)")
    }
  }

  @Test("keys and secrets make a difference, and no digit of them is told")
  func secrets() throws {
    let (key, other) = (Self.key, Self.other)
    #expect(
      try Self.differences(["MARTLET_REFRESH_KEY": key], ["MARTLET_REFRESH_KEY": other])
        == ["MARTLET_REFRESH_KEY is not the same here and at api-1"])
    #expect(
      try Self.differences(["MARTLET_TOKEN_KEYS": "k1:\(key)"], ["MARTLET_TOKEN_KEYS": "k1:\(other)"])
        == ["MARTLET_TOKEN_KEYS has another key 'k1' here than at api-1"])
    #expect(
      try Self.differences(["MARTLET_TOKEN_KEYS": "k1:\(key),k2:\(other)"], ["MARTLET_TOKEN_KEYS": "k1:\(key)"]) == [])
    let told = "\(try Self.agreement(["MARTLET_REFRESH_KEY": key, "MARTLET_TOKEN_KEYS": "k1:\(other)"]))"
    #expect(told.contains("MARTLET_REFRESH_KEY") && told.contains("k1"))
    #expect(!told.contains(key.prefix(8)) && !told.contains(other.prefix(8)))
  }

  @Test("who is told to accept stands beside others")
  func accepting() throws {
    let differing = ["MARTLET_TOKEN_LIFETIME_S": "77"]
    #expect(try Self.differences(differing, [:]).count == 1)
    #expect(try Self.differences(differing.merging(["MARTLET_JOIN": "accept"]) { $1 }, [:]) == [])
    #expect(try Self.differences([:], differing.merging(["MARTLET_JOIN": "accept"]) { $1 }) == [])
  }
}
