import COpenSSL

/// The two spellings of a P-256 signature: two numbers of 32 bytes in tokens, DER in OpenSSL.
///
/// - Source: RFC 7518 section 3.4.
enum ECDSASignature {
  static func der(fromRaw raw: [UInt8]) -> [UInt8]? {
    guard raw.count == 64, let signature = ECDSA_SIG_new() else { return nil }
    defer { ECDSA_SIG_free(signature) }
    guard let r = BN_bin2bn(Array(raw[..<32]), 32, nil) else { return nil }
    guard let s = BN_bin2bn(Array(raw[32...]), 32, nil) else {
      BN_free(r)
      return nil
    }
    guard ECDSA_SIG_set0(signature, r, s) == 1 else {
      BN_free(r)
      BN_free(s)
      return nil
    }
    var der = [UInt8](repeating: 0, count: 80)
    let length = der.withUnsafeMutableBufferPointer { buffer -> CInt in
      let needed = i2d_ECDSA_SIG(signature, nil)
      guard needed > 0, Int(needed) <= buffer.count else { return 0 }
      var cursor = buffer.baseAddress
      return i2d_ECDSA_SIG(signature, &cursor)
    }
    guard length > 0 else { return nil }
    return Array(der.prefix(Int(length)))
  }

  static func raw(fromDER der: [UInt8]) -> [UInt8]? {
    let signature = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var cursor = buffer.baseAddress
      return d2i_ECDSA_SIG(nil, &cursor, buffer.count)
    }
    guard let signature else { return nil }
    defer { ECDSA_SIG_free(signature) }
    var raw = [UInt8](repeating: 0, count: 64)
    let fits = raw.withUnsafeMutableBufferPointer { buffer -> Bool in
      guard let start = buffer.baseAddress else { return false }
      return BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, 32) == 32
        && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + 32, 32) == 32
    }
    return fits ? raw : nil
  }
}
