import Glibc

/// The memory that the connections of one loop share, so that none of them needs a buffer of its own while idle.
final class LoopScratch {
  static let readBytes = 64 * 1024
  /// Pieces of one system call: what a queue rarely exceeds; the rest goes in the next one.
  static let vectorsMax = 64

  /// What was just received; overwritten by the next read of any connection.
  let received = UnsafeMutableRawBufferPointer.allocate(byteCount: LoopScratch.readBytes, alignment: 64)
  /// Pieces of a send queue for one system call.
  let vectors = UnsafeMutableBufferPointer<iovec>.allocate(capacity: LoopScratch.vectorsMax)
  private var decryptedMade: UnsafeMutableRawBufferPointer?

  /// Decrypted bytes: one read's worth, and the record that an earlier read left unfinished. Made by the first TLS
  /// user.
  var decrypted: UnsafeMutableRawBufferPointer {
    if let decryptedMade { return decryptedMade }
    let made = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readBytes + 17 * 1024, alignment: 64)
    decryptedMade = made
    return made
  }

  init() { vectors.initialize(repeating: iovec()) }

  deinit {
    received.deallocate()
    vectors.deallocate()
    decryptedMade?.deallocate()
  }
}
