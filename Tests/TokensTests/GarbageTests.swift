import JSONText
import TestKit
import Testing
import Tokens

/// Credentials that nobody was given: refused, and never a trap.
@Suite("Garbage for tokens") struct GarbageTests {
  private static let marks = [
    ".", "..", "-", "_", "=", "$", ":", "+", "/", "A", "7", "é", "\u{301}", "\0", "eyJ", "e30",
  ]

  private static func texts(_ samples: [String], count: Int = 1_000) -> [String] {
    Garbage.of(samples, marks: marks, count: count).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("tokens whose parts are anything")
  func tokens() throws {
    let key = try Forge.secretKey()
    let verifier = try Forge.secretVerifier()
    let whole = Forge.token(key: key)
    _ = try verifier.verify(whole, now: Forge.now)
    for text in Self.texts([whole, "a.b.c"]) where text != whole { _ = try? verifier.verify(text, now: Forge.now) }
  }

  @Test("signed claims whose numbers are anything")
  func claims() throws {
    let key = try Forge.secretKey()
    let verifier = try Forge.secretVerifier()
    let claims = String(Forge.claims.dropLast()) + #","iat":1799999000,"nbf":1799999000.5}"#
    var good = 0
    for text in Self.texts([claims], count: 300) {
      for now in [.min, 0, Forge.now, .max] as [Int64]
      where now > .min + 1_000 && now < .max - 1_000 || now == Forge.now {
        if (try? verifier.verify(Forge.token(Forge.header, text, key: key), now: now)) != nil { good += 1 }
      }
    }
    #expect(good > 0)
  }

  @Test("ids, refresh tokens and hashes")
  func others() throws {
    let cipher = IDCipher(secret: [1, 2, 3])
    let uuid = cipher.uuid(.user, 5_121)
    #expect(cipher.id(uuid)?.id == 5_121)
    let keys = try #require(RefreshToken.Keys(current: [UInt8](repeating: 1, count: 32), previous: []))
    let refresh = RefreshToken.make(session: "5121", generation: 3, nonce: [UInt8](repeating: 7, count: 32), keys: keys)
    let hashes = [
      "$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK",
      "pbkdf2:sha1:1000$Fc04G6qZLGE5p5Nj$d899494b1c4d38e826c42c19df17e5e287f91294",
      "scrypt:32768:8:1$SNKZDrH8Ev7ZA0lH$16703eaadf23baa85f83adea86d049cf26327dc893b8327fbfe7e7824a78c215"
        + "bbd2b8b6bee7b0e6b321b142a3f45e07675bf1da5cd255fcdad280f98d0cbc98",
      "$argon2id$v=19$m=19456,t=2,p=1$" + String(repeating: "A", count: 22)
        + "$" + String(repeating: "B", count: 43),
    ]
    for hash in hashes { #expect(PasswordHasher.canVerify(hash)) }
    for text in Self.texts([uuid, refresh] + hashes, count: 2_000) {
      _ = (cipher.id(text), RefreshToken(parsing: text), PasswordHasher.canVerify(text), Base64URL.decode(text.utf8))
    }
    for id in [.min, -1, 0, .max] as [Int64] { #expect(cipher.id(cipher.uuid(.message, id)) != nil) }
  }

  @Test("sets of keys")
  func keySets() throws {
    let marks = ["{", "}", "[", "]", ",", ":", "\"", "kty", "RSA", "EC", "OKP", "oct", "Ed25519", "P-256", "AQAB", "A"]
    for bytes in Garbage.of([PyJWTVectors.jwks], marks: marks, count: 300) {
      if let value = try? JSONValue(parsing: bytes) { _ = try? KeyRing(jwks: value) }
    }
    _ = try KeyRing(jwks: JSONValue(parsing: PyJWTVectors.jwks))
  }
}
