import Testing
import Tokens

@Suite("Refresh tokens") struct RefreshTokenTests {
  private static let nonce = [UInt8](repeating: 7, count: RefreshToken.nonceBytes)
  private static let key = Array("a refresh key of at least 32 bytes!".utf8)

  private static func keys(_ current: [UInt8] = key, previous: [[UInt8]] = []) throws -> RefreshToken.Keys {
    try #require(RefreshToken.Keys(current: current, previous: previous))
  }

  @Test("a token tells its session and generation, and is genuine for its nonce and key only")
  func genuine() throws {
    let text = RefreshToken.make(session: "5121", generation: 3, nonce: Self.nonce, keys: try Self.keys())
    let token = try #require(RefreshToken(parsing: text))
    #expect(token.session == "5121")
    #expect(token.generation == 3)
    #expect(token.isGenuine(nonce: Self.nonce, keys: try Self.keys()))
    #expect(!token.isGenuine(nonce: [UInt8](repeating: 8, count: 32), keys: try Self.keys()))
    #expect(!token.isGenuine(nonce: [], keys: try Self.keys()))
    #expect(!token.isGenuine(nonce: Self.nonce, keys: try Self.keys(Array("another key of at least 32 bytes..".utf8))))
  }

  @Test("the same turn gives the same token, the next turn another")
  func again() throws {
    let keys = try Self.keys()
    let first = RefreshToken.make(session: "1", generation: 1, nonce: Self.nonce, keys: keys)
    #expect(first == RefreshToken.make(session: "1", generation: 1, nonce: Self.nonce, keys: keys))
    #expect(first != RefreshToken.make(session: "1", generation: 2, nonce: Self.nonce, keys: keys))
    let proof = first.split(separator: ".")[2]
    for changed in ["1.2.\(proof)", "2.1.\(proof)", "11.1.\(proof)", "1.11.\(proof)"] {
      #expect(RefreshToken(parsing: changed)?.isGenuine(nonce: Self.nonce, keys: keys) == false, "\(changed)")
    }
  }

  @Test("a token of the previous key is good while that key is kept")
  func rotation() throws {
    let text = RefreshToken.make(session: "1", generation: 1, nonce: Self.nonce, keys: try Self.keys())
    let token = try #require(RefreshToken(parsing: text))
    let new = Array("a new refresh key of at least 32 bytes".utf8)
    #expect(token.isGenuine(nonce: Self.nonce, keys: try Self.keys(new, previous: [Self.key])))
    #expect(!token.isGenuine(nonce: Self.nonce, keys: try Self.keys(new)))
  }

  @Test("a short key is refused")
  func shortKey() {
    #expect(RefreshToken.Keys(current: [UInt8](repeating: 1, count: 31)) == nil)
    #expect(RefreshToken.Keys(current: Self.key, previous: [[1]]) == nil)
  }

  private static let proof = String(repeating: "A", count: 43)

  @Test(
    "what is not a refresh token is not looked at further",
    arguments: [
      "", ".", "..", "1.1", "1.1.", "1.1.AA", "1.1.\(proof)A", "1.1.\(proof).1", ".1.\(proof)", "1..\(proof)",
      "1.-1.\(proof)",
      "1.01.\(proof)", "1.1x.\(proof)", "1.9999999999999999.\(proof)", "a b.1.\(proof)", "a\0.1.\(proof)",
      "é.1.\(proof)",
      "1.1.\(proof)=", "1.1.\(proof.dropLast())B", "\(String(repeating: "1", count: 65)).1.\(proof)",
      String(repeating: "A", count: 100_000),
    ])
  func garbage(text: String) { #expect(RefreshToken(parsing: text) == nil) }
}
