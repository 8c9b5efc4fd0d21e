/// A frame's header, checked as far as it has come.
///
///     0                   1                   2                   3
///     |F|R|R|R| opcode|M| Payload len |    Extended payload length
///     |I|S|S|S|  (4)  |A|     (7)     |           (16/64)
///     |N|V|V|V|       |S|             |   Masking-key, if MASK set
///
/// - Source: RFC 6455 section 5.2.
struct FrameHeader {
  var opcode: Opcode
  var isFinal: Bool
  var isCompressed: Bool
  var length: Int
  /// The masking key as it stands in memory; zero without one.
  var key: UInt32

  /// What stands where no frame has come yet.
  static let none = FrameHeader(opcode: .binary, isFinal: true, isCompressed: false, length: 0, key: 0)

  /// Bytes of the longest header.
  static let bytesMax = 14

  /// The first byte: flags and opcode.
  struct Start {
    var opcode: Opcode
    var isFinal: Bool
    var isCompressed: Bool

    init(_ byte: UInt8, allowsCompression: Bool) throws(ProtocolFailure) {
      if byte & 0x30 != 0 { throw .reservedBits }
      guard let opcode = Opcode(rawValue: byte & 0x0F) else { throw .reservedOpcode }
      isFinal = byte & 0x80 != 0
      isCompressed = byte & 0x40 != 0
      // RSV1 stands on the first frame of a compressed message and nowhere else (RFC 7692 section 6).
      if isCompressed && (!allowsCompression || opcode.isControl || opcode == .continuation) { throw .reservedBits }
      if opcode.isControl && !isFinal { throw .fragmentedControl }
      self.opcode = opcode
    }
  }

  /// Bytes of the header, known from its second byte.
  static func size(_ second: UInt8) -> Int {
    let lengthBytes = second & 0x7F == 127 ? 8 : second & 0x7F == 126 ? 2 : 0
    return 2 &+ lengthBytes &+ (second & 0x80 != 0 ? 4 : 0)
  }

  /// Checks what the second byte says, before the rest has come.
  static func check(_ second: UInt8, _ start: Start, role: Role) throws(ProtocolFailure) {
    let isMasked = second & 0x80 != 0
    if role == .server && !isMasked { throw .unmasked }
    if role == .client && isMasked { throw .masked }
    if start.opcode.isControl && second & 0x7F > 125 { throw .longControl }
  }

  private init(opcode: Opcode, isFinal: Bool, isCompressed: Bool, length: Int, key: UInt32) {
    self.opcode = opcode
    self.isFinal = isFinal
    self.isCompressed = isCompressed
    self.length = length
    self.key = key
  }

  /// Reads a whole header; `bytes` has ``size(_:)`` of them.
  init(_ start: Start, _ bytes: UnsafeRawBufferPointer) throws(ProtocolFailure) {
    opcode = start.opcode
    isFinal = start.isFinal
    isCompressed = start.isCompressed
    let second = bytes[1]
    var offset = 2
    switch second & 0x7F {
    case 126:
      length = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      if length < 126 { throw .lengthForm }
      offset = 4
    case 127:
      let long = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      guard long > 0xFFFF, let value = Int(exactly: long) else { throw .lengthForm }
      length = value
      offset = 10
    default: length = Int(second & 0x7F)
    }
    key = second & 0x80 != 0 ? bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) : 0
  }
}
