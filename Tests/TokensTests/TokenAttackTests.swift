import JSONText
import Testing
import Tokens

@testable import struct Tokens.TokenKey

@Suite("Attacks on tokens") struct TokenAttackTests {
  @Test("a signature by nobody or by another algorithm is refused")
  func algorithms() throws {
    let key = try Forge.secretKey()
    var attacks: [Attack] = []
    for name in ["none", "None", "NONE", "nOnE", "none ", "\u{FF4E}one", ""] {
      let header = "{\"alg\":\"\(name)\",\"typ\":\"JWT\"}"
      attacks.append(.init("alg \(name), no signature", .notThreeParts, Forge.token(header, signature: [])))
      attacks.append(.init("alg \(name), good signature", .badAlgorithm, Forge.token(header, key: key)))
    }
    for name in [
      "HS384", "HS512", "hs256", "HS256 ", "RS384", "PS256", "ES384", "ES256K", "dir", "A256KW", "H\u{FF33}256",
    ] {
      attacks.append(.init("alg \(name)", .badAlgorithm, Forge.token("{\"alg\":\"\(name)\"}", key: key)))
    }
    for json in ["null", "1", "true", "[\"HS256\"]", "{}", "[]"] {
      attacks.append(.init("alg is \(json)", .badAlgorithm, Forge.token("{\"alg\":\(json)}", key: key)))
    }
    attacks.append(.init("no alg", .badAlgorithm, Forge.token(#"{"typ":"JWT"}"#, key: key)))
    for name in ["RS256", "ES256", "EdDSA"] {
      attacks.append(.init("\(name) for a secret", .badAlgorithm, Forge.token("{\"alg\":\"\(name)\"}", key: key)))
    }
    try expect(attacks, refusedBy: Forge.secretVerifier())
  }

  @Test("a public key is no secret, and a key signs with its own algorithm only")
  func confusion() throws {
    var attacks: [Attack] = []
    let publics = [("rsa-1", PyJWTVectors.rsaPublic), ("ec-1", PyJWTVectors.ecPublic), ("ed-1", PyJWTVectors.edPublic)]
    for (kid, pem) in publics {
      for secret in [pem, pem + "\n", PyJWTVectors.jwks, ""] {
        let named = "{\"alg\":\"HS256\",\"kid\":\"\(kid)\"}"
        attacks.append(.init("HS256 by \(kid)", .badAlgorithm, Forge.token(named, macKey: Array(secret.utf8))))
        attacks.append(.init("HS256", .badAlgorithm, Forge.token(Forge.header, macKey: Array(secret.utf8))))
      }
    }
    let pairs = [(try Forge.rsaKey(), "RS256"), (try Forge.ecKey(), "ES256"), (try Forge.edKey(), "EdDSA")]
    for (key, own) in pairs {
      for (other, algorithm) in pairs where algorithm != own {
        let crossed = "{\"alg\":\"\(algorithm)\",\"kid\":\"\(key.kid ?? "")\"}"
        attacks.append(.init("\(own) key as \(algorithm)", .badAlgorithm, Forge.token(crossed, key: key)))
        let named = "{\"alg\":\"\(algorithm)\",\"kid\":\"\(other.kid ?? "")\"}"
        attacks.append(.init("\(own) under \(algorithm)'s name", .badSignature, Forge.token(named, key: key)))
      }
    }
    let stranger = try TokenKey(jwk: JSONValue(parsing: Forge.strangerJWK))
    attacks.append(
      .init("a stranger's EdDSA", .badSignature, Forge.token(#"{"alg":"EdDSA","kid":"ed-1"}"#, key: stranger)))
    for (count, header) in [
      (64, "ES256"), (0, "ES256"), (63, "ES256"), (65, "ES256"), (72, "ES256"), (64, "EdDSA"), (256, "RS256"),
    ] {
      let zeros = [UInt8](repeating: 0, count: count)
      attacks.append(
        .init(
          "\(count) zero bytes as \(header)", count == 0 ? .notThreeParts : .badSignature,
          Forge.token("{\"alg\":\"\(header)\"}", signature: zeros)))
    }
    try expect(attacks, refusedBy: Forge.jwksVerifier())
  }

  @Test("a header cannot bring, name or fetch a key that is not in the ring")
  func headers() throws {
    let evil = [UInt8](repeating: 0x41, count: 32)
    let evilJWK = "{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(evil))\"}"
    var attacks: [Attack] = []
    for extra in [
      "\"jwk\":\(evilJWK)", #""jku":"https://evil.example/jwks.json""#, #""x5u":"https://evil.example/x""#,
      #""x5c":["MIIB"]"#, #""jku":"file:///etc/passwd""#, #""x5t":"AAAA""#, #""kid":"evil""#, #""kid":"k1""#,
    ] {
      attacks.append(.init(extra, .badSignature, Forge.token(#"{"alg":"HS256",\#(extra)}"#, macKey: evil)))
    }
    for kid in [
      "../../../../dev/null", "/dev/null", "' UNION SELECT 'a", "a;b", "a b", "$(id)", "http://evil.example", "é",
    ] {
      let header = #"{"alg":"HS256","kid":"\#(kid)"}"#
      for secret in [[], [0], evil, PyJWTVectors.secret] {
        attacks.append(.init("kid \(kid)", .unknownKey, Forge.token(header, macKey: secret)))
      }
    }
    let key = try Forge.secretKey()
    let long = String(repeating: "k", count: 129)
    for json in ["null", "1", "[]", "{}", "true", "\"\"", "\"\(long)\"", "[\"k1\"]"] {
      attacks.append(
        .init("kid is \(json.prefix(10))", .badHeader, Forge.token(#"{"alg":"HS256","kid":\#(json)}"#, key: key)))
    }
    attacks.append(
      .init(
        "kid of 10 kB", .tooLong,
        Forge.token(
          #"{"alg":"HS256","kid":"\#(String(repeating: "k", count: 10_000))"}"#, key: key)))
    for json in [#"["exp"]"#, "[]", #"["b64"]"#, "null", #""exp""#, "1", #"["http://example.com/x"]"#] {
      let header = #"{"alg":"HS256","b64":false,"crit":\#(json)}"#
      attacks.append(.init("crit \(json)", .criticalHeader, Forge.token(header, key: key)))
    }
    for json in [
      #""at+JWE""#, #""refresh""#, #""JWE""#, #""dpop+jwt""#, "1", "null", "[]", #""""#, "\"\u{FF2A}WT\"",
      #""at+jwt ""#,
    ] {
      attacks.append(.init("typ \(json)", .wrongType, Forge.token(#"{"alg":"HS256","typ":\#(json)}"#, key: key)))
    }
    for text in [
      "", "null", "[]", "1", "\"x\"", "{", #"{"alg":"HS256"}x"#, #"{"alg":"HS256",}"#, "\u{FEFF}" + Forge.header,
      #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","\u0061lg":"none"}"#, #"{"alg":"HS256","x":"\u0000"}"#,
      #"{"alg":"HS256","x":"\ud800"}"#, #"{alg:"HS256"}"#, #"{"alg":"HS256","x":[[[[[[[[[1]]]]]]]]]}"#,
    ] {
      let reason: VerificationError = text.isEmpty ? .notThreeParts : .badHeader
      attacks.append(.init("header \(text)", reason, Forge.token(text, key: key)))
    }
    try expect(attacks, refusedBy: Forge.secretVerifier())
  }

  @Test("the three parts have one spelling")
  func spelling() throws {
    let key = try Forge.secretKey()
    let good = Forge.token(key: key)
    let parts = good.split(separator: ".").map(String.init)
    let signed = parts[0] + "." + parts[1]
    var attacks = [
      Attack("empty", .notThreeParts, ""), .init("dots", .notThreeParts, ".."),
      .init("one part", .notThreeParts, "abc"),
      .init("two parts", .notThreeParts, signed), .init("no signature", .notThreeParts, signed + "."),
      .init("four parts", .notThreeParts, good + ".e30"), .init("five parts", .notThreeParts, good + ".."),
      .init("dot in front", .notThreeParts, "." + good),
      .init("no header", .notThreeParts, "." + parts[1] + "." + parts[2]),
      .init("no claims", .notThreeParts, parts[0] + ".." + parts[2]),
      .init("last bit of the signature", .badEncoding, Self.withStrayBit(good)),
      .init("half a letter", .badEncoding, good + "AA"), .init("cut", .badSignature, String(good.dropLast(3))),
      .init("64 kB", .tooLong, good + String(repeating: "A", count: 65_536)),
      .init("one byte too long", .tooLong, Self.token(of: TokenVerifier.bytesMax + 1)),
      .init("Bearer in front", .badEncoding, "Bearer " + good),
      .init("JSON serialization", .notThreeParts, "{\"payload\":\"\(parts[1])\",\"signature\":\"\(parts[2])\"}"),
      .init("parts swapped", .badAlgorithm, parts[1] + "." + parts[0] + "." + parts[2]),
      .init("another's signature", .badSignature, signed + "." + Base64URL.encode([UInt8](repeating: 1, count: 32))),
      .init("short signature", .badSignature, signed + ".AA"),
      .init(
        "claims exchanged", .badSignature, parts[0] + "." + Forge.part(Forge.claims("sub", "\"1\"")) + "." + parts[2]),
    ]
    for tail in ["=", "==", " ", "\n", "\r\n", "\t", "\0", "\u{A0}", "%", "+", "/", "é"] {
      attacks.append(.init("ends with \(tail.debugDescription)", .badEncoding, good + tail))
      attacks.append(.init("begins with \(tail.debugDescription)", .badEncoding, tail + good))
      attacks.append(
        .init("\(tail.debugDescription) within", .badEncoding, parts[0] + tail + "." + parts[1] + "." + parts[2]))
    }
    try expect(attacks, refusedBy: Forge.secretVerifier())
  }

  /// The token with a bit set that base64url does not carry.
  private static func withStrayBit(_ token: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    guard let last = token.last, let place = alphabet.firstIndex(of: last) else { return token }
    return token.dropLast() + String(alphabet[place | 1])
  }

  private static func token(of count: Int) -> String { String(repeating: "A", count: count - 4) + ".A.A" }

  @Test("every single changed letter is refused")
  func letters() throws {
    let verifier = try Forge.secretVerifier()
    let good = Array(Forge.token(key: try Forge.secretKey()).utf8)
    for place in good.indices {
      var bytes = good
      bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      let attack = Attack("letter \(place)", .badSignature, String(decoding: bytes, as: UTF8.self))
      #expect(attack.outcome(verifier) != nil, "letter \(place)")
    }
  }

  private func expect(_ attacks: [Attack], refusedBy verifier: TokenVerifier) throws {
    for attack in attacks { #expect(attack.outcome(verifier) == attack.reason, "\(attack.name)") }
  }
}

extension Forge {
  /// A key that is in no ring: the one of RFC 8037, appendix A.1.
  static let strangerJWK =
    #"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","#
    + #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
}
