import JSONText
import Testing
import Tokens

@Suite("Claims of tokens") struct TokenClaimTests {
  private func expect(_ reason: VerificationError?, _ name: String, _ json: String?) throws {
    let token = Forge.token(Forge.header, Forge.claims(name, json), key: try Forge.secretKey())
    let outcome = Attack("\(name) \(json ?? "missing")", .badClaims, token).outcome(try Forge.secretVerifier())
    #expect(outcome == reason, "\(name) \(json ?? "missing")")
  }

  @Test("a token ends at its exp, and must have one")
  func expiry() throws {
    try expect(.missingExpiry, "exp", nil)
    for json in ["\"1800000600\"", "null", "true", "[1800000600]", "{}", "1e30", "-1", "253402300800", "1e15", "\"\""] {
      try expect(.badTime, "exp", json)
    }
    for json in ["0", "1799996400", "1799999999", "1800000000", "1799999999.9", "1.8e9"] {
      try expect(.expired, "exp", json)
    }
    for json in ["1800000001", "1800000000.5", "1.8000006e9", "253402300799"] { try expect(nil, "exp", json) }
    for json in ["1e400", "9007199254740993", "01800000600", "NaN", "Infinity"] { try expect(.badClaims, "exp", json) }
  }

  @Test("a token that begins later than the skew allows is refused", arguments: ["nbf", "iat"])
  func start(name: String) throws {
    for json in ["1800000031", "1800003600", "1800000030.5", "253402300799"] { try expect(.notYetValid, name, json) }
    for json in ["\"1800000000\"", "null", "true", "[]", "{}", "1e30", "-5"] { try expect(.badTime, name, json) }
    for json in ["1800000030", "1800000000", "0", "1799999999.5"] { try expect(nil, name, json) }
  }

  @Test("the issuer is ours, to the byte")
  func issuer() throws {
    for json in [
      nil, "\"Chat\"", "\"chat \"", "\"\"", "null", "1", "[\"chat\"]", "{}", "\"chat\\u200b\"", "\"сhat\"", "\"evil\"",
    ] {
      try expect(.wrongIssuer, "iss", json)
    }
  }

  @Test("we are the audience, alone or among texts")
  func audience() throws {
    for json in [
      nil, "\"chat\"", "\"chat-api2\"", "\"CHAT-API\"", "\"\"", "null", "1", "{}", "[]", "[\"other\"]",
      "[1,\"chat-api\"]",
      "[[\"chat-api\"]]", "{\"chat-api\":1}", "[null]", "\"chat-api,other\"",
    ] { try expect(.wrongAudience, "aud", json) }
    try expect(nil, "aud", "[\"other\",\"chat-api\"]")
  }

  @Test("the subject is a text that can stand in a log")
  func subject() throws {
    for json in [
      nil, "\"\"", "null", "5121", "true", "[\"5121\"]", "{}", "\"a\\nb\"", "\"\\u0001\"", "\"\\u007f\"", "\"\\u0085\"",
      "\"\\u2028\"",
      "\"\\u202eada\"", "\"ada\\u200b\"", "\"" + String(repeating: "a", count: 256) + "\"",
    ] { try expect(.badSubject, "sub", json) }
    try expect(.badClaims, "sub", "\"\\u0000\"")
    try expect(.badClaims, "sub", "\"\\ud800\"")
    for json in ["\"Ада\"", "\"a b\"", "\"" + String(repeating: "a", count: 255) + "\""] {
      try expect(nil, "sub", json)
    }
  }

  @Test("claims are one strict JSON object")
  func object() throws {
    let key = try Forge.secretKey()
    let more = String(Forge.claims.dropLast())
    for text in [
      "null", "[]", "1", "\"x\"", "[\(Forge.claims)]", Forge.claims + "x", more + ",}", more + #","sub":"1"}"#,
      more + #","exp":1900000000}"#, more + #","\u0073ub":"1"}"#, more, more + #","x":NaN}"#, "\u{FEFF}" + Forge.claims,
      "{} {}",
    ] {
      let attack = Attack(text, .badClaims, Forge.token(Forge.header, text, key: key))
      #expect(attack.outcome(try Forge.secretVerifier()) == .badClaims, "\(text)")
    }
    let bytes = Array(Forge.claims.utf8.dropLast()) + Array(#","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
    let signed = Forge.part(Forge.header) + "." + Base64URL.encode(bytes)
    let token = signed + "." + Base64URL.encode(HMACSHA256.code(Array(signed.utf8), key: PyJWTVectors.secret))
    #expect(Attack("not UTF-8", .badClaims, token).outcome(try Forge.secretVerifier()) == .badClaims)
  }

  @Test("skews are cut to a minute, and none is negative")
  func skew() {
    let rules = TokenRules(issuer: "chat", audience: "chat-api", skew: 3600, expirySkew: -1)
    #expect(rules.skew == 60)
    #expect(rules.expirySkew == 0)
  }
}
