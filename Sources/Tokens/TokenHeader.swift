import JSONText

/// What is read of a token's header; where to fetch keys (`jku`, `x5u`) and keys it brings (`jwk`, `x5c`) are not.
///
/// - Source: RFC 7515 section 4.1.
struct TokenHeader {
  let algorithm: TokenAlgorithm
  let kid: String?

  init(_ header: JSONObject, types: TokenRules.Types) throws(VerificationError) {
    // An extension that must be understood is not; an empty list of them is against the RFC.
    guard header["crit"] == nil else { throw .criticalHeader }
    guard let name = header["alg"]?.string,
      let algorithm = TokenAlgorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) })
    else { throw .badAlgorithm }
    self.algorithm = algorithm
    self.kid = try Self.kid(header["kid"])
    try Self.checkType(header["typ"], types)
    if let content = header["cty"], content.string == nil { throw .badHeader }
  }

  private static func kid(_ value: JSONValue?) throws(VerificationError) -> String? {
    guard let value else { return nil }
    guard let kid = value.string, (1...TokenKey.kidBytesMax).contains(kid.utf8.count) else { throw .badHeader }
    return kid
  }

  private static func checkType(_ value: JSONValue?, _ types: TokenRules.Types) throws(VerificationError) {
    guard let value else {
      if case .anyJWT = types { return }
      throw .wrongType
    }
    guard let text = value.string, text.utf8.allSatisfy({ $0 < 0x80 }) else { throw .wrongType }
    switch (text.lowercased(), types) {
    case ("at+jwt", _), ("application/at+jwt", _), ("jwt", .anyJWT), ("application/jwt", .anyJWT): return
    default: throw .wrongType
    }
  }
}
