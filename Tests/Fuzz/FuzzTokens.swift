// Garbage at the token verifier: a token that no key signed is refused, also when its header and claims are read.
//
// Compiled together with Sources/Tokens and the module JSONText by Tests/Fuzz/run. The first byte of the input chooses:
// the rest is a whole token, or header and claims (split at a NUL) that are signed with the right key, to reach what
// lies behind it.

import JSONText

private let secret = [UInt8](repeating: 0x5A, count: 32)
private let now: Int64 = 1_800_000_000

private func makeVerifier() -> TokenVerifier {
  guard let key = try? TokenKey(secret: secret, kid: "k"), let ring = try? KeyRing([key]) else { fatalError("no key") }
  return TokenVerifier(ring, TokenRules(issuer: "chat", audience: "chat-api", types: .anyJWT))
}

private let verifier = makeVerifier()

private func checkSigned(_ rest: ArraySlice<UInt8>) {
  let parts = rest.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2 else { return }
  let signed = "\(Base64URL.encode(parts[0])).\(Base64URL.encode(parts[1]))"
  let token = "\(signed).\(Base64URL.encode(HMACSHA256.code(Array(signed.utf8), key: secret)))"
  guard let verified = try? verifier.verify(token, now: now) else { return }
  precondition(!verified.subject.isEmpty && verified.expires >= now && verified.claims["iss"] == "chat")
}

/// One input of the fuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = input.first else { return 0 }
  let rest = input.dropFirst()
  if choice & 1 == 0 {
    let text = String(decoding: rest, as: UTF8.self)
    precondition((try? verifier.verify(text, now: now)) == nil, "a token that nobody signed is accepted")
    precondition(RefreshToken(parsing: text).map { $0.generation >= 0 } ?? true)
    if let bytes = Base64URL.decode(rest) {
      precondition(Base64URL.encode(bytes).utf8.elementsEqual(rest), "two spellings of the same bytes")
    }
    if let value = try? JSONValue(parsing: Array(rest)) { _ = try? KeyRing(jwks: value) }
  } else {
    checkSigned(rest)
  }
  return 0
}
