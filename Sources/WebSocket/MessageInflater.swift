import CZlib

/// Reads compressed messages, piece by piece and never beyond the limit.
///
/// - Cost: a context takes about 2^bits + 8 KiB; one that forgets holds it only while a message is open.
/// - Isolation: confined to its connection's loop.
/// - Source: RFC 7692 section 7.2.2.
public final class MessageInflater: @unchecked Sendable {
  /// How far a message may go.
  struct Budget {
    /// Bytes of the whole message.
    var bytesMax: Int
    /// How many bytes one compressed byte may become, beyond the free part.
    var ratioMax: Int
    /// Compressed bytes of the message that have come.
    var compressedBytes: Int
  }

  private let windowBits: Int32
  private let forgets: Bool
  private var stream: UnsafeMutablePointer<z_stream>?

  /// A decompressor with an empty window.
  public init(windowBits: Int = 15, forgets: Bool = false) {
    self.windowBits = Int32(min(max(windowBits, 8), 15))
    self.forgets = forgets
  }

  deinit { release() }

  /// Inflates a piece and appends what comes out.
  func inflate(
    _ input: UnsafeRawBufferPointer, into out: inout [UInt8], _ budget: Budget
  ) throws(ProtocolFailure) {
    guard !input.isEmpty else { return }
    let z = try context()
    var rest = input
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(Zlib.inputBytesMax))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(chunk.count))
      Zlib.setInput(z, chunk)
      try drain(z, into: &out, budget)
    }
  }

  /// The message's last bytes are in: puts back what the writer left out, and checks that the data ends there.
  func finishMessage(into out: inout [UInt8], _ budget: Budget) throws(ProtocolFailure) {
    let z = try context()
    var tail: UInt32 = UInt32(0x0000_FFFF).bigEndian
    try withUnsafeBytes(of: &tail) { (bytes) throws(ProtocolFailure) in
      Zlib.setInput(z, bytes)
      try drain(z, into: &out, budget)
    }
    // Bit 7: zlib stands directly behind a block. Anything else and the tail was eaten as data of a cut message.
    guard z.pointee.data_type & 128 != 0 else { throw .invalidDeflate }
    if forgets { release() }
  }

  private func drain(
    _ z: UnsafeMutablePointer<z_stream>, into out: inout [UInt8], _ budget: Budget
  ) throws(ProtocolFailure) {
    var isFull = true
    while z.pointee.avail_in > 0 || isFull {
      // One byte of room more than is allowed: if it comes to be used, the message is over the limit.
      let room = min(Zlib.pieceBytes, budget.bytesMax &- out.count &+ 1)
      let status = produce(z, room, into: &out)
      isFull = z.pointee.avail_out == 0
      try check(out.count, budget)
      switch status {
      case Z_OK: continue
      case Z_STREAM_END: inflateResetKeep(z)
      case Z_BUF_ERROR where z.pointee.avail_in == 0: return
      default: throw .invalidDeflate
      }
    }
  }

  private func produce(_ z: UnsafeMutablePointer<z_stream>, _ room: Int, into out: inout [UInt8]) -> Int32 {
    withUnsafeTemporaryAllocation(byteCount: max(room, 1), alignment: 8) { piece in
      Zlib.setOutput(z, piece)
      let status = CZlib.inflate(z, Z_SYNC_FLUSH)
      out.append(contentsOf: piece.prefix(piece.count - Int(z.pointee.avail_out)))
      return status
    }
  }

  private func check(_ count: Int, _ budget: Budget) throws(ProtocolFailure) {
    guard count <= budget.bytesMax else { throw .messageTooBig }
    guard count > MessageLimits.freeInflationBytes else { return }
    let (most, overflow) = budget.compressedBytes.multipliedReportingOverflow(by: budget.ratioMax)
    guard overflow || count <= most else { throw .inflationRatio }
  }

  private func context() throws(ProtocolFailure) -> UnsafeMutablePointer<z_stream> {
    if let stream { return stream }
    let z = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    z.initialize(to: z_stream())
    guard inflateInit2_(z, -windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      z.deallocate()
      throw ProtocolFailure(.internalError, "no memory to inflate")
    }
    stream = z
    return z
  }

  private func release() {
    guard let z = stream else { return }
    inflateEnd(z)
    z.deallocate()
    stream = nil
  }
}
