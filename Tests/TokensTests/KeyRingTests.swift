import JSONText
import Testing
import Tokens

@testable import struct Tokens.TokenKey

@Suite("Key rings") struct KeyRingTests {
  private static let claims = AccessClaims(
    issuer: "chat", audience: "chat-api", subject: "5121", session: "77", issuedAt: Forge.now, expires: Forge.now + 900,
    id: "t1")

  private static let keys: [@Sendable () throws -> TokenKey] = [
    { try Forge.secretKey(kid: "s1") }, { try Forge.rsaKey() }, { try Forge.ecKey() }, { try Forge.edKey() },
  ]

  @Test("what a key signs, its ring accepts, and every other ring refuses", arguments: Self.keys.indices)
  func roundTrip(place: Int) throws {
    let ring = try KeyRing([Self.keys[place]()])
    let token = try Self.claims.sign(with: ring)
    #expect(try Forge.verifier(ring, types: .accessToken).verifyAccess(token, now: Forge.now) == Self.claims)
    for other in Self.keys.indices where other != place {
      let strange = Forge.verifier(try KeyRing([Self.keys[other]()]), types: .accessToken)
      #expect(throws: VerificationError.self) { try strange.verifyAccess(token, now: Forge.now) }
    }
  }

  @Test("other services verify by the published set, which holds nothing private")
  func published() throws {
    let ring = try KeyRing(Self.keys.map { try $0() }, active: "ec-1")
    let text = ring.jwks.text
    #expect(!text.contains("\"d\"") && !text.contains("\"k\"") && !text.contains("s1"))
    #expect(ring.jwks["keys"]?.array?.count == 3)
    let reader = try KeyRing(jwks: JSONValue(parsing: text))
    let token = try Self.claims.sign(with: ring)
    #expect(try Forge.verifier(reader, types: .accessToken).verifyAccess(token, now: Forge.now).session == "77")
    #expect(throws: KeyError.noActiveKey) { try Self.claims.sign(with: reader) }
  }

  @Test("after a rotation the old key's tokens are good until it is dropped")
  func rotation() throws {
    let old = try TokenKey(secret: Array("an old secret of at least 32 bytes".utf8), kid: "2026-1")
    let new = try TokenKey(secret: PyJWTVectors.secret, kid: "2026-2")
    let before = try Self.claims.sign(with: KeyRing([old]))
    let rotated = try KeyRing([old, new], active: "2026-2")
    #expect(try Forge.verifier(rotated, types: .accessToken).verifyAccess(before, now: Forge.now) == Self.claims)
    let after = try Self.claims.sign(with: rotated)
    #expect(throws: VerificationError.unknownKey) {
      try Forge.verifier(KeyRing([old]), types: .accessToken).verifyAccess(after, now: Forge.now)
    }
  }

  @Test("without a kid a token is refused when two keys could be meant")
  func ambiguous() throws {
    let ring = try KeyRing([
      Forge.secretKey(kid: "a"), TokenKey(secret: Array("another secret with at least 32 bytes".utf8), kid: "b"),
    ])
    let token = Forge.token(key: try Forge.secretKey())
    #expect(throws: VerificationError.unknownKey) { try Forge.verifier(ring).verify(token, now: Forge.now) }
  }

  @Test("a named key is not found under another name")
  func otherName() throws {
    let verifier = Forge.verifier(try KeyRing([Forge.secretKey(kid: "a")]))
    let token = Forge.token(#"{"alg":"HS256","kid":"b"}"#, key: try Forge.secretKey())
    #expect(throws: VerificationError.unknownKey) { try verifier.verify(token, now: Forge.now) }
  }

  @Test(
    "an access token names its session and its time",
    arguments: [
      #","iat":1800000000}"#, #","sid":"","iat":1800000000}"#, #","sid":7,"iat":1800000000}"#,
      #","sid":"a b","iat":1800000000}"#,
      #","sid":"7"}"#, #","sid":"7","iat":1800000000,"jti":7}"#,
    ])
  func session(tail: String) throws {
    let token = Forge.token(
      #"{"alg":"HS256","typ":"at+jwt"}"#, Forge.claims.dropLast() + tail, key: try Forge.secretKey())
    let verifier = Forge.verifier(try KeyRing([Forge.secretKey()]), types: .accessToken)
    #expect(throws: VerificationError.self) { try verifier.verifyAccess(token, now: Forge.now) }
  }

  @Test("weak, strange and unreadable keys are refused at the start")
  func weak() throws {
    #expect(throws: KeyError.shortSecret) { try TokenKey(secret: [UInt8](repeating: 1, count: 31), kid: nil) }
    _ = try TokenKey(secret: [UInt8](repeating: 1, count: 32), kid: nil)
    #expect(throws: KeyError.weak) { try TokenKey(pem: PyJWTVectors.rsa1024Private) }
    #expect(throws: KeyError.unsupported) { try TokenKey(pem: PyJWTVectors.p384Private) }
    #expect(throws: KeyError.notPEM) { try TokenKey(pem: PyJWTVectors.encryptedPrivate) }
    #expect(throws: KeyError.notPEM) { try TokenKey(pem: "") }
    #expect(throws: KeyError.badName) { try TokenKey(secret: PyJWTVectors.secret, kid: "a b") }
    #expect(throws: KeyError.noKey) { try KeyRing([]) }
    #expect(throws: KeyError.sameName) { try KeyRing([Forge.secretKey(kid: "a"), Forge.secretKey(kid: "a")]) }
    #expect(throws: KeyError.sameName) { try KeyRing([Forge.secretKey(), Forge.secretKey()]) }
    #expect(throws: KeyError.noActiveKey) { try KeyRing([Forge.secretKey(kid: "a")], active: "b") }
    #expect(throws: KeyError.noActiveKey) {
      try KeyRing([TokenKey(pem: PyJWTVectors.rsaPublic, kid: "a")], active: "a")
    }
  }

  @Test("private keys come as JSON Web Keys too")
  func privateJWK() throws {
    let set = try JSONValue(parsing: PyJWTVectors.privateJWKs)
    for jwk in try #require(set["keys"]?.array) {
      let ring = try KeyRing([TokenKey(jwk: jwk)])
      let token = try Self.claims.sign(with: ring)
      #expect(try Forge.jwksVerifier().verify(token, now: Forge.now).subject == "5121")
    }
  }

  @Test("a set is read without the keys that are for something else")
  func foreignKeys() throws {
    var set = try #require(try JSONValue(parsing: PyJWTVectors.jwks)["keys"]?.array)
    set.append(["kty": "oct", "k": .string(Base64URL.encode(PyJWTVectors.secret)), "kid": "leaked"])
    set.append(["kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "p521"])
    set.append(["kty": "RSA", "use": "enc", "n": "AA", "e": "AQAB", "kid": "enc"])
    set.append(["kty": "LMS", "kid": "new"])
    let ring = try KeyRing(jwks: ["keys": .array(set)])
    #expect(ring.jwks["keys"]?.array?.count == 3)
  }

  @Test(
    "a set that is none is refused",
    arguments: [
      "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[1]}"#, #"{"keys":[{"kty":"RSA","n":"AA"}]}"#,
      #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#,
      #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA=="}]}"#,
      #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, #"{"keys":[{"kty":"RSA","kid":7,"n":"AQAB","e":"AQAB"}]}"#,
    ])
  func wrongSet(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(throws: KeyError.self) { try KeyRing(jwks: value) }
  }

  @Test("a point that is not on the curve is no key")
  func offCurve() {
    let jwk: JSONValue = [
      "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1",
    ]
    #expect(throws: KeyError.self) { try TokenKey(jwk: jwk) }
  }
}
