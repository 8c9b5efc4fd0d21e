import JSONText
import Tokens

@testable import struct Tokens.TokenKey

/// Makes tokens as an attacker or a careless issuer would: any header, any claims, any signature.
enum Forge {
  static let now = PyJWTVectors.now
  static let header = #"{"alg":"HS256","typ":"JWT"}"#
  static let claims = #"{"iss":"chat","aud":"chat-api","sub":"5121","exp":1800000600}"#

  static func secretKey(kid: String? = nil) throws -> TokenKey { try TokenKey(secret: PyJWTVectors.secret, kid: kid) }
  static func rsaKey() throws -> TokenKey { try TokenKey(pem: PyJWTVectors.rsaPrivate, kid: "rsa-1") }
  static func ecKey() throws -> TokenKey { try TokenKey(pem: PyJWTVectors.ecPrivate, kid: "ec-1") }
  static func edKey() throws -> TokenKey { try TokenKey(pem: PyJWTVectors.edPrivate, kid: "ed-1") }

  /// A token of these texts, signed with the key whatever the header says.
  static func token(_ header: String = header, _ claims: String = claims, key: TokenKey) -> String {
    let signed = part(header) + "." + part(claims)
    return signed + "." + Base64URL.encode(key.sign(Array(signed.utf8)) ?? [])
  }

  /// A token of these texts with a signature made elsewhere.
  static func token(_ header: String = header, _ claims: String = claims, signature: [UInt8]) -> String {
    part(header) + "." + part(claims) + "." + Base64URL.encode(signature)
  }

  /// A token whose signature is a MAC under a secret of the attacker's choice.
  static func token(_ header: String, _ claims: String = claims, macKey: [UInt8]) -> String {
    let signed = part(header) + "." + part(claims)
    return signed + "." + Base64URL.encode(HMACSHA256.code(Array(signed.utf8), key: macKey))
  }

  static func part(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }

  /// The standard claims with one claim replaced by this JSON text, or left out.
  static func claims(_ name: String, _ json: String?) -> String {
    let standard = [("iss", "\"chat\""), ("aud", "\"chat-api\""), ("sub", "\"5121\""), ("exp", "1800000600")]
    var members = standard.filter { $0.0 != name }.map { "\"\($0.0)\":\($0.1)" }
    if let json { members.append("\"\(name)\":\(json)") }
    return "{\(members.joined(separator: ","))}"
  }

  static func verifier(_ ring: KeyRing, types: TokenRules.Types = .anyJWT) -> TokenVerifier {
    TokenVerifier(ring, TokenRules(issuer: "chat", audience: "chat-api", types: types))
  }

  static func secretVerifier() throws -> TokenVerifier { verifier(try KeyRing([secretKey()])) }
  static func jwksVerifier() throws -> TokenVerifier {
    verifier(try KeyRing(jwks: JSONValue(parsing: PyJWTVectors.jwks)))
  }
}

/// One attack: what it does, and why it must fail.
struct Attack: Sendable {
  let name: String
  let reason: VerificationError
  let token: String

  init(_ name: String, _ reason: VerificationError, _ token: String) {
    self.name = name
    self.reason = reason
    self.token = token
  }

  /// The error that the verifier answers with; nil if the attack succeeds.
  func outcome(_ verifier: TokenVerifier) -> VerificationError? {
    do {
      _ = try verifier.verify(token, now: Forge.now)
      return nil
    } catch { return error }
  }
}
