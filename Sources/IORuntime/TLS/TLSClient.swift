import COpenSSL
import Glibc

/// The client side's rules: the server's certificate must be good and made out to the host that was asked for.
public final class TLSClient: Sendable {
  private let context: TLSContext

  /// Trusts what the PEM file has, or what the system trusts when there is none.
  ///
  /// - Throws: ``TLSError`` that names the file when it cannot be read.
  public init(authorityFile: String? = nil) throws(TLSError) {
    context = try TLSContext(TLS_client_method())
    SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER, nil)
    if let authorityFile {
      guard SSL_CTX_load_verify_locations(context.raw, authorityFile, nil) == 1 else {
        throw TLSError("authorities \(authorityFile): \(TLSError.takeReason())")
      }
    } else {
      SSL_CTX_set_default_verify_paths(context.raw)
    }
  }

  /// A layer for one connection to that host; nothing when the name cannot be checked.
  func layer(host: String) -> TLSLayer? {
    guard !host.isEmpty, !host.utf8.contains(0), let ssl = SSL_new(context.raw) else { return nil }
    let layer = TLSLayer(owning: ssl)
    if Resolution.numeric(host, port: 0) != nil {
      guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 else { return nil }
    } else {
      guard SSL_set1_host(ssl, host) == 1 else { return nil }
      _ = host.withCString {
        SSL_ctrl(
          ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, CLong(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: $0))
      }
    }
    SSL_set_connect_state(ssl)
    return layer
  }
}
