import CZlib

/// Makes compressed messages.
///
/// - Cost: a context takes about 2^(bits+2) + 128 KiB; one that forgets holds it only while it works.
/// - Isolation: confined to its connection's loop.
public final class MessageDeflater: @unchecked Sendable {
  private let windowBits: Int32
  private let forgets: Bool
  // zlib's state points back at its stream, so the stream has a place of its own and is never moved.
  private var stream: UnsafeMutablePointer<z_stream>?

  /// A compressor with an empty window.
  public init(windowBits: Int = 15, forgets: Bool = false) {
    // zlib makes no raw stream of 8 bits; with 9 its matches reach back 250 bytes at most, which 8 bits can read.
    self.windowBits = Int32(min(max(windowBits, 9), 15))
    self.forgets = forgets
  }

  deinit { release() }

  /// True while memory of zlib is held.
  public var holdsContext: Bool { stream != nil }

  /// Compresses one message; its first frame must be written as compressed.
  ///
  /// - Returns: nil when zlib has no memory: send the message as it is.
  public func deflate(_ message: [UInt8]) -> [UInt8]? {
    // zlib has nothing to flush for an empty message; RFC 7692 section 7.2.3.6 names this byte.
    if message.isEmpty { return [0] }
    guard let z = stream ?? open() else { return nil }
    var out: [UInt8] = []
    let isDone = message.withUnsafeBytes { run(z, $0, into: &out) }
    if forgets || !isDone { release() }
    guard isDone, out.count >= 4 else { return nil }
    // A sync flush ends with 00 00 FF FF, which RFC 7692 leaves out and the reader puts back.
    out.removeLast(4)
    return out
  }

  private func open() -> UnsafeMutablePointer<z_stream>? {
    let z = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    z.initialize(to: z_stream())
    let status = deflateInit2_(
      z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      z.deallocate()
      return nil
    }
    stream = z
    return z
  }

  private func run(
    _ z: UnsafeMutablePointer<z_stream>, _ message: UnsafeRawBufferPointer, into out: inout [UInt8]
  ) -> Bool {
    var rest = message
    return withUnsafeTemporaryAllocation(byteCount: Zlib.pieceBytes, alignment: 8) { piece in
      repeat {
        let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(Zlib.inputBytesMax))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(chunk.count))
        Zlib.setInput(z, chunk)
        repeat {
          Zlib.setOutput(z, piece)
          let status = CZlib.deflate(z, rest.isEmpty ? Z_SYNC_FLUSH : Z_NO_FLUSH)
          guard status == Z_OK || status == Z_BUF_ERROR else { return false }
          out.append(contentsOf: piece.prefix(piece.count - Int(z.pointee.avail_out)))
        } while z.pointee.avail_out == 0
      } while !rest.isEmpty
      return true
    }
  }

  private func release() {
    guard let z = stream else { return }
    deflateEnd(z)
    z.deallocate()
    stream = nil
  }
}
