import COpenSSL
import Glibc

/// TLS between a connection's plain bytes and its socket: OpenSSL, with ends of our own instead of a socket.
///
/// What was received is read by OpenSSL out of the loop's buffer, what it wants sent goes into a send queue, so that
/// the connection keeps its one `recv` and one `send` a tick.
final class TLSLayer {
  /// How far reading got.
  enum Reading {
    case needsMore
    case full
    case finished
    case failed(TLSError)
  }

  private static let encryptedAtOnce = 128 * 1024

  private let ssl: OpaquePointer
  private var incoming = UnsafeRawBufferPointer(start: nil, count: 0)
  private var encrypted = OutQueue()
  private var saidGoodbye = false
  /// Whether the handshake is over.
  private(set) var isEstablished = false

  init(owning ssl: OpaquePointer) {
    self.ssl = ssl
    let bio = BIO_new(TLSPipe.method)
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    SSL_set_bio(ssl, bio, bio)
  }

  deinit { SSL_free(ssl) }

  /// Encrypted bytes that wait to be sent.
  var queuedBytes: Int { encrypted.count }

  // MARK: Receiving

  /// The bytes that were received next; they must stay valid while ``read(into:)`` is called for them.
  func feed(_ bytes: UnsafeRawBufferPointer) { incoming = bytes }

  /// Starts or goes on with the handshake, then decrypts into `buffer`; `count` is how much.
  func read(into buffer: UnsafeMutableRawBufferPointer, count: inout Int) -> Reading {
    count = 0
    ERR_clear_error()
    if !isEstablished {
      let code = SSL_do_handshake(ssl)
      guard code == 1 else { return reading(of: code) }
      isEstablished = true
    }
    while count < buffer.count {
      var got = 0
      let code = SSL_read_ex(ssl, buffer.baseAddress.map { $0 + count }, buffer.count - count, &got)
      guard code == 1 else { return reading(of: code) }
      count += got
    }
    return .full
  }

  private func reading(of code: CInt) -> Reading {
    switch SSL_get_error(ssl, code) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
    case SSL_ERROR_ZERO_RETURN: return .finished
    default: return .failed(reason)
    }
  }

  private var reason: TLSError {
    let verified = SSL_get_verify_result(ssl)
    if verified != CLong(X509_V_OK), let text = X509_verify_cert_error_string(verified) {
      ERR_clear_error()
      return TLSError("certificate refused: \(String(cString: text))")
    }
    return TLSError(TLSError.takeReason())
  }

  // MARK: Sending

  /// Encrypts what waits, once the handshake is over, and sends what the socket takes.
  func send(
    _ plain: inout OutQueue, to descriptor: CInt, with vectors: UnsafeMutableBufferPointer<iovec>
  ) -> OutQueue.Outcome {
    while true {
      if let error = encrypt(&plain) { return .insecure(error) }
      switch encrypted.send(to: descriptor, with: vectors) {
      case .emptied where plain.isEmpty || !isEstablished: return plain.isEmpty ? .emptied : .waiting
      case .emptied: continue
      case let other: return other
      }
    }
  }

  private func encrypt(_ plain: inout OutQueue) -> TLSError? {
    guard isEstablished else { return nil }
    while !plain.isEmpty, encrypted.count < Self.encryptedAtOnce {
      var written = 0
      ERR_clear_error()
      let code = plain.withNext { SSL_write_ex(ssl, $0.baseAddress, $0.count, &written) }
      guard code == 1 else { return reason }
      plain.consume(written)
    }
    return nil
  }

  /// Queues the word that nothing more will come, once; says whether there is something to send for it.
  func sayGoodbye() -> Bool {
    guard !saidGoodbye, isEstablished else { return false }
    saidGoodbye = true
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    return !encrypted.isEmpty
  }

  // MARK: The ends that OpenSSL sees

  fileprivate func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(room.count, incoming.count)
    guard count > 0 else { return 0 }
    room.copyMemory(from: UnsafeRawBufferPointer(rebasing: incoming[..<count]))
    incoming = UnsafeRawBufferPointer(rebasing: incoming[count...])
    return count
  }

  fileprivate func take(_ bytes: UnsafeRawBufferPointer) { encrypted.append(bytes) }
}

/// The BIO whose ends are a ``TLSLayer``.
private enum TLSPipe {
  private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

  nonisolated(unsafe) static let method: OpaquePointer? = {
    let made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop")
    BIO_meth_set_read(made) { bio, data, length in
      guard let layer = layer(of: bio), let data, length > 0 else { return -1 }
      let count = layer.give(UnsafeMutableRawBufferPointer(start: data, count: Int(length)))
      BIO_clear_flags(bio, retryFlags)
      if count == 0 { BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY) }
      return count == 0 ? -1 : CInt(count)
    }
    BIO_meth_set_write(made) { bio, data, length in
      guard let layer = layer(of: bio), let data, length > 0 else { return -1 }
      BIO_clear_flags(bio, retryFlags)
      layer.take(UnsafeRawBufferPointer(start: data, count: Int(length)))
      return length
    }
    BIO_meth_set_ctrl(made) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return made
  }()

  private static func layer(of bio: OpaquePointer?) -> TLSLayer? {
    BIO_get_data(bio).map { Unmanaged<TLSLayer>.fromOpaque($0).takeUnretainedValue() }
  }
}
