import COpenSSL
import Glibc
import Synchronization

/// The server side's certificate and rules: TLS 1.2 and 1.3, ALPN `http/1.1`, no renegotiation, no session cache.
///
/// Buffers are given back between records (SSL_MODE_RELEASE_BUFFERS), which brings an idle connection from 48 KB to
/// about 15 KB (swift.md section 5).
public final class TLSServer: Sendable {
  private struct State {
    var context: TLSContext
    var files: [FileMark]
  }

  private let certificateChainFile: String
  private let keyFile: String
  private let state: Mutex<State>

  /// Reads a PEM chain, the server's own certificate first, and its PEM key.
  ///
  /// - Throws: ``TLSError`` that names the file when it cannot be read or the key is not the certificate's.
  public init(certificateChainFile: String, keyFile: String) throws(TLSError) {
    self.certificateChainFile = certificateChainFile
    self.keyFile = keyFile
    // Looked at before they are read: what is written meanwhile is another change.
    let files = [FileMark(certificateChainFile), FileMark(keyFile)]
    state = Mutex(State(context: try Self.read(certificateChainFile, keyFile), files: files))
  }

  /// Reads the files again if they are not those that it has: connections that are made from then on get the new
  /// certificate, those that are open keep theirs. As long as the files cannot be used the old one stays.
  ///
  /// It waits for the disk, so that a loop leaves it to a ``BlockingPool``.
  ///
  /// - Returns: whether there is a new one.
  /// - Throws: ``TLSError`` while the files are others and cannot be used: one of two that are replaced comes first.
  public func readAgainIfChanged() throws(TLSError) -> Bool {
    let files = [FileMark(certificateChainFile), FileMark(keyFile)]
    if state.withLock({ $0.files == files }) { return false }
    let fresh = State(context: try Self.read(certificateChainFile, keyFile), files: files)
    state.withLock { $0 = fresh }
    return true
  }

  /// A layer for one accepted connection.
  func layer() -> TLSLayer? {
    let context = state.withLock { $0.context }
    guard let ssl = SSL_new(context.raw) else { return nil }
    SSL_set_accept_state(ssl)
    return TLSLayer(owning: ssl)
  }

  private static func read(_ chain: String, _ key: String) throws(TLSError) -> TLSContext {
    let context = try TLSContext(TLS_server_method())
    guard SSL_CTX_use_certificate_chain_file(context.raw, chain) == 1 else {
      throw TLSError("certificate chain \(chain): \(TLSError.takeReason())")
    }
    guard SSL_CTX_use_PrivateKey_file(context.raw, key, SSL_FILETYPE_PEM) == 1 else {
      throw TLSError("key \(key): \(TLSError.takeReason())")
    }
    guard SSL_CTX_check_private_key(context.raw) == 1 else {
      throw TLSError("key \(key) is not that of \(chain): \(TLSError.takeReason())")
    }
    SSL_CTX_set_alpn_select_cb(
      context.raw, { _, out, outLength, offered, length, _ in selectHTTP(out, outLength, offered, length) }, nil)
    return context
  }
}

/// What tells one file from another at the same path, the file behind a symbolic link included.
private struct FileMark: Equatable {
  private var file: [UInt64] = []
  private var size: Int64 = 0
  private var changed: [Int] = []

  /// Looks now; nothing where there is none.
  init(_ path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return }
    (file, size) = ([UInt64(found.st_dev), UInt64(found.st_ino)], Int64(found.st_size))
    changed = [found.st_mtim, found.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] }
  }
}

/// Takes `http/1.1` out of what the client offers; one that offers only others is refused.
private func selectHTTP(
  _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ outLength: UnsafeMutablePointer<UInt8>?,
  _ offered: UnsafePointer<UInt8>?, _ length: UInt32
) -> CInt {
  guard let out, let outLength, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  let list = UnsafeBufferPointer(start: offered, count: Int(length))
  var index = 0
  while index < list.count {
    let size = Int(list[index])
    let name = list[(index + 1)...].prefix(size)
    if name.elementsEqual("http/1.1".utf8) {
      out.pointee = offered + index + 1
      outLength.pointee = UInt8(size)
      return SSL_TLSEXT_ERR_OK
    }
    index += 1 + size
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}
