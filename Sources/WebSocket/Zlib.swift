import CZlib

/// What both directions need of zlib.
enum Zlib {
  /// Bytes of the piece of stack that zlib writes to.
  static let pieceBytes = 16 * 1024

  /// Bytes given to zlib at once; its counters have 32 bits.
  static let inputBytesMax = 1 << 30

  static func setInput(_ z: UnsafeMutablePointer<z_stream>, _ bytes: UnsafeRawBufferPointer) {
    // zlib does not write to its input; its declaration only lacks the const.
    z.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
    z.pointee.avail_in = UInt32(truncatingIfNeeded: bytes.count)
  }

  static func setOutput(_ z: UnsafeMutablePointer<z_stream>, _ bytes: UnsafeMutableRawBufferPointer) {
    z.pointee.next_out = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    z.pointee.avail_out = UInt32(truncatingIfNeeded: bytes.count)
  }
}
