import CLinux
import COpenSSL

/// An SSL_CTX with what both sides have in common.
final class TLSContext: @unchecked Sendable {
  // The bits of SSL_OP_NO_RENEGOTIATION and SSL_OP_NO_COMPRESSION: macros that Swift does not see.
  private static let noRenegotiation: UInt64 = 1 << 30
  private static let noCompression: UInt64 = 1 << 17

  let raw: OpaquePointer

  init(_ method: OpaquePointer?) throws(TLSError) {
    guard let raw = SSL_CTX_new(method) else { throw TLSError("no TLS context: \(TLSError.takeReason())") }
    self.raw = raw
    SSL_CTX_ctrl(raw, SSL_CTRL_SET_MIN_PROTO_VERSION, CLong(TLS1_2_VERSION), nil)
    let modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    SSL_CTX_ctrl(raw, SSL_CTRL_MODE, CLong(modes), nil)
    SSL_CTX_ctrl(raw, SSL_CTRL_SET_SESS_CACHE_MODE, CLong(SSL_SESS_CACHE_OFF), nil)
    SSL_CTX_set_options(raw, Self.noRenegotiation | Self.noCompression)
    // One ticket is enough to come back with; two cost a second record in every handshake.
    SSL_CTX_set_num_tickets(raw, 1)
  }

  deinit { SSL_CTX_free(raw) }
}

extension TLSError {
  /// What OpenSSL says of the last failure on this thread; its list of failures is empty afterwards.
  static func takeReason() -> String {
    let code = ERR_peek_error()
    ERR_clear_error()
    guard code != 0 else { return "unknown reason" }
    // The upper half of 32 bits says that the rest is an errno.
    if code & 0x8000_0000 != 0, let text = clinux_error_text(Int32(truncatingIfNeeded: code & 0x7FFF_FFFF)) {
      return String(cString: text)
    }
    guard let reason = ERR_reason_error_string(code) else { return "error \(code)" }
    return String(cString: reason)
  }
}
