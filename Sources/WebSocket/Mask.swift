/// The XOR that clients put over what they send.
///
/// - Source: RFC 6455 section 5.3.
enum Mask {
  /// Masks or unmasks in place, eight bytes at a time.
  ///
  /// - Parameter phase: how many bytes of the payload came before these, modulo 4.
  static func apply(_ key: UInt32, phase: Int, to bytes: UnsafeMutableRawBufferPointer) {
    // The key as the wire has it, turned so that its first byte in memory is the one that comes next.
    let turn = UInt32(truncatingIfNeeded: phase & 3) &* 8
    let little = UInt32(littleEndian: key)
    let turned = turn == 0 ? little : (little &>> turn) | (little &<< (32 &- turn))
    let word = UInt64(turned) | (UInt64(turned) &<< 32)
    var index = 0
    while index &+ 8 <= bytes.count {
      let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      bytes.storeBytes(of: value ^ word.littleEndian, toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    var shift: UInt64 = 0
    while index < bytes.count {
      bytes[index] ^= UInt8(truncatingIfNeeded: word &>> shift)
      shift &+= 8
      index &+= 1
    }
  }
}
