import JSONText
import Testing
import Tokens

@testable import struct Tokens.TokenKey

@Suite("Tokens of others") struct TokenInteropTests {
  @Test("what PyJWT signs is accepted", arguments: PyJWTVectors.accepted.map(\.name))
  func pyjwt(name: String) throws {
    let token = try #require(PyJWTVectors.accepted.first { $0.name == name }?.token)
    let isSecret = name.hasPrefix("RS") || name.hasPrefix("ES") || name.hasPrefix("Ed") || name.hasPrefix("jku")
    let verifier = isSecret ? try Forge.jwksVerifier() : try Forge.secretVerifier()
    #expect(try !verifier.verify(token, now: PyJWTVectors.now).subject.isEmpty)
  }

  @Test("the list of accepted tokens is whole")
  func guardLine() { #expect(PyJWTVectors.accepted.count == 17) }

  @Test("none of them is an access token of our own but the one that says so")
  func types() throws {
    let strict = Forge.verifier(try KeyRing([Forge.secretKey()]), types: .accessToken)
    let passed = PyJWTVectors.accepted.filter { (try? strict.verify($0.token, now: PyJWTVectors.now)) != nil }
    #expect(passed.map(\.name) == ["HS256 at+jwt"])
  }

  /// RFC 7515 appendix A.1: HS256.
  @Test("the HS256 signature of RFC 7515 is right")
  func rfcHS256() throws {
    let key = try TokenKey(
      jwk: [
        "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      ])
    let signed =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let signature = try #require(key.sign(Array(signed.utf8)))
    #expect(Base64URL.encode(signature) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
  }

  /// RFC 7515 appendix A.3: ES256.
  @Test("the ES256 signature of RFC 7515 is right")
  func rfcES256() throws {
    let key = try TokenKey(
      jwk: [
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
      ])
    let signed =
      "eyJhbGciOiJFUzI1NiJ9."
      + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let signature = try #require(
      Base64URL.decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q".utf8))
    #expect(key.verify(signature, of: Array(signed.utf8)))
    #expect(!key.verify(signature, of: Array((signed + "A").utf8)))
  }

  /// RFC 8037 appendix A: Ed25519.
  @Test("the EdDSA signature and thumbprint of RFC 8037 are right")
  func rfcEdDSA() throws {
    let key = try TokenKey(jwk: JSONValue(parsing: Forge.strangerJWK))
    #expect(key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    let signature = try #require(key.sign(Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)))
    #expect(
      Base64URL.encode(signature)
        == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
  }
}
