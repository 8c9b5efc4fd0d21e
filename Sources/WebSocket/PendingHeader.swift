/// A frame's header while its bytes come in; fourteen bytes of state, refused as early as can be.
struct PendingHeader {
  private var bytes = (UInt64(0), UInt64(0))
  private var count = 0

  var isEmpty: Bool { count == 0 }

  /// Takes the bytes of a header.
  ///
  /// - Returns: the header, or nil when more bytes are needed.
  mutating func take(
    _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int, role: Role, allowsCompression: Bool
  ) throws(ProtocolFailure) -> FrameHeader? {
    let available = input.count &- offset
    guard available > 0 else { return nil }
    if count == 0, available >= 2 {
      let whole = UnsafeRawBufferPointer(rebasing: input[offset...])
      let start = try FrameHeader.Start(whole[0], allowsCompression: allowsCompression)
      try FrameHeader.check(whole[1], start, role: role)
      let size = FrameHeader.size(whole[1])
      if available >= size {
        offset &+= size
        return try FrameHeader(start, whole)
      }
    }
    return try takeSlowly(input, &offset, role, allowsCompression)
  }

  /// The header comes in pieces: byte by byte into our own memory.
  private mutating func takeSlowly(
    _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int, _ role: Role, _ allowsCompression: Bool
  ) throws(ProtocolFailure) -> FrameHeader? {
    while offset < input.count, count < FrameHeader.bytesMax {
      let byte = input[offset]
      offset &+= 1
      let index = count
      withUnsafeMutableBytes(of: &bytes) { $0[index] = byte }
      count &+= 1
      if let header = try finish(role, allowsCompression) { return header }
    }
    return nil
  }

  private mutating func finish(_ role: Role, _ allowsCompression: Bool) throws(ProtocolFailure) -> FrameHeader? {
    let copy = bytes
    let first = UInt8(truncatingIfNeeded: UInt64(littleEndian: copy.0))
    let start = try FrameHeader.Start(first, allowsCompression: allowsCompression)
    guard count >= 2 else { return nil }
    let second = UInt8(truncatingIfNeeded: UInt64(littleEndian: copy.0) >> 8)
    try FrameHeader.check(second, start, role: role)
    guard count == FrameHeader.size(second) else { return nil }
    count = 0
    return try withUnsafeBytes(of: copy) { (whole) throws(ProtocolFailure) in try FrameHeader(start, whole) }
  }
}
