import COpenSSL

/// The SHA-256 hash.
///
/// - Source: FIPS 180-4.
public enum SHA256Digest {
  /// The 32 bytes of the hash.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = SHA256(bytes, bytes.count, &digest)
    return digest
  }
}

/// A keyed hash over SHA-256.
///
/// - Source: RFC 2104.
public enum HMACSHA256 {
  /// The 32 bytes of the code; empty when OpenSSL cannot make one, which compares equal to no code.
  public static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let made = HMAC(EVP_sha256(), key, CInt(truncatingIfNeeded: key.count), message, message.count, &code, &length)
    return made == nil || length != 32 ? [] : code
  }
}

/// Comparing secrets.
public enum ConstantTime {
  /// Whether the bytes are equal, in a time that tells only their lengths; empty is equal to nothing.
  public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count, !left.isEmpty else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
  }
}

/// Randomness for secrets.
public enum SecureRandom {
  /// Random bytes from OpenSSL's generator.
  ///
  /// A machine without randomness must not serve: this ends the process, and nothing from outside can cause it.
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, CInt(count)) == 1 else { preconditionFailure("OpenSSL has no randomness") }
    return bytes
  }
}
