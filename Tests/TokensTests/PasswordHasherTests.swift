import Testing
import Tokens

@Suite("Passwords") struct PasswordHasherTests {
  /// The least that libsodium takes, so that the tests are quick.
  private static let cheap = PasswordHasher.Cost(memoryBytes: 8192, passes: 1)

  @Test("a password is known again, another is not")
  func verify() throws {
    let hasher = try PasswordHasher(cost: Self.cheap)
    let hash = try hasher.hash("correct horse 🐎")
    #expect(hasher.verify("correct horse 🐎", against: hash))
    #expect(!hasher.verify("correct horse", against: hash))
    #expect(!hasher.verify("", against: hash))
    #expect(!hasher.verify("x", against: ""))
    #expect(!hasher.verify("x", against: "$argon2id$garbage"))
    #expect(!hasher.verify("x", against: String(repeating: "a", count: 1000)))
    #expect(try hasher.hash("correct horse 🐎") != hash, "each has its own salt")
  }

  @Test("passwords are not normalised: two spellings of é are two passwords")
  func exact() throws {
    let hasher = try PasswordHasher(cost: Self.cheap)
    #expect(!hasher.verify("e\u{301}", against: try hasher.hash("\u{e9}")))
  }

  @Test("128 bytes are hashed, all of them; 129, none and U+0000 are refused")
  func limits() throws {
    let hasher = try PasswordHasher(cost: Self.cheap)
    let longest = String(repeating: "a", count: 127)
    #expect(!hasher.verify(longest + "c", against: try hasher.hash(longest + "b")))
    #expect(throws: PasswordHasher.Refusal.tooLong) { try hasher.hash(String(repeating: "a", count: 129)) }
    #expect(throws: PasswordHasher.Refusal.tooLong) { try hasher.hash(String(repeating: "é", count: 65)) }
    #expect(throws: PasswordHasher.Refusal.empty) { try hasher.hash("") }
    #expect(throws: PasswordHasher.Refusal.nul) { try hasher.hash("a\0b") }
    #expect(!hasher.verify("a\0b", against: try hasher.hash("a")))
  }

  @Test("the standard cost is the one OWASP names, and a cheaper hash is due for another")
  func cost() throws {
    let hasher = try PasswordHasher()
    let hash = try hasher.hash("x")
    #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    #expect(!hasher.needsRehash(hash))
    #expect(hasher.needsRehash(try PasswordHasher(cost: Self.cheap).hash("x")))
    #expect(hasher.needsRehash("garbage"))
  }

  @Test("a hash that somebody brings is judged by its form and its cost")
  func canVerify() throws {
    #expect(PasswordHasher.canVerify(try PasswordHasher().hash("x")))
    #expect(PasswordHasher.canVerify("$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK"))
    let rest = "$" + String(repeating: "a", count: 22) + "$" + String(repeating: "b", count: 43)
    #expect(PasswordHasher.canVerify("$argon2id$v=19$m=65536,t=10,p=1" + rest))
    for head in ["m=65537,t=1,p=1", "m=999999999,t=1,p=1", "m=19456,t=11,p=1", "m=19456,t=0,p=1", "m=19456,t=2,p=2"] {
      #expect(!PasswordHasher.canVerify("$argon2id$v=19$" + head + rest), "\(head)")
    }
    for other in ["", "x", "$argon2i$v=19$m=19456,t=2,p=1" + rest, "$argon2id$v=19$m=19456,t=2,p=1" + rest + "b"] {
      #expect(!PasswordHasher.canVerify(other), "\(other)")
    }
  }

  @Test("nobody's password costs what somebody's does, and is never right")
  func nobody() throws {
    let hasher = try PasswordHasher()
    let hash = try hasher.hash("x")
    let clock = ContinuousClock()
    let known = (0..<5).map { _ in clock.measure { _ = hasher.verify("y", against: hash) } }.min()
    let unknown = (0..<5).map { _ in clock.measure { _ = hasher.verifyNobody("y") } }.min()
    #expect(!hasher.verifyNobody("x"))
    print("verify \(known ?? .zero), nobody \(unknown ?? .zero)")
  }
}
