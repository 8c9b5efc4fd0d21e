import Client
import HTTP1
import Tokens

/// Signs requests to an S3-compatible service.
///
/// - Source: AWS Signature Version 4: "Create a signed AWS API request", "Authenticating Requests: Using the
///   Authorization Header".
struct RequestSignature {
  let settings: S3Settings

  /// What a body is said to hash to when TLS keeps it anyway.
  static let unsignedBody = "UNSIGNED-PAYLOAD"

  /// The header fields that a request needs besides Host.
  ///
  /// - Parameters:
  ///   - path: of plain characters only, so that it is its own canonical form.
  ///   - moment: RFC 3339 in UTC with milliseconds.
  ///   - bodyHash: hexadecimal SHA-256 of the body, or ``unsignedBody``.
  func fields(_ method: Method, _ path: String, at moment: String, bodyHash: String) -> HeaderFields {
    let time = String(moment.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    let scope = "\(time.prefix(8))/\(settings.region)/s3/aws4_request"
    let names = "host;x-amz-content-sha256;x-amz-date"
    let canonical = """
      \(method.rawValue)
      \(path)

      host:\(settings.place.hostField)
      x-amz-content-sha256:\(bodyHash)
      x-amz-date:\(time)

      \(names)
      \(bodyHash)
      """
    let digest = Hexadecimal.encode(SHA256Digest.hash(Array(canonical.utf8)))
    let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(digest)"
    let signature = Hexadecimal.encode(HMACSHA256.code(Array(text.utf8), key: key(scope)))
    let credential = "\(settings.accessKey)/\(scope)"
    return [
      "X-Amz-Content-Sha256": bodyHash, "X-Amz-Date": time,
      "Authorization":
        "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(names), Signature=\(signature)",
    ]
  }

  /// The secret, narrowed down to a day, a region and a service.
  private func key(_ scope: String) -> [UInt8] {
    scope.split(separator: "/").reduce(Array(("AWS4" + settings.secretKey).utf8)) { key, part in
      HMACSHA256.code(Array(part.utf8), key: key)
    }
  }
}
