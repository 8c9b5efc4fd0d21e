/// Frames as bytes.
///
/// A server's frames carry no mask, so one encoding serves every recipient: write it once, send it to all.
public enum FrameWriter {
  /// Appends a server's frame.
  ///
  /// - Parameters:
  ///   - isFinal: false for a piece of a message that goes on.
  ///   - isCompressed: true on the first frame of a message that ``MessageDeflater`` has made.
  public static func append(
    _ opcode: Opcode, _ payload: [UInt8], to out: inout [UInt8], isFinal: Bool = true,
    isCompressed: Bool = false
  ) {
    appendHeader(opcode, count: payload.count, to: &out, isFinal: isFinal, isCompressed: isCompressed, maskBit: 0)
    out.append(contentsOf: payload)
  }

  /// A server's frame on its own, to be sent to many.
  public static func frame(_ opcode: Opcode, _ payload: [UInt8], isCompressed: Bool = false) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(payload.count + 10)
    append(opcode, payload, to: &out, isCompressed: isCompressed)
    return out
  }

  /// A server's frame of bytes that stand elsewhere.
  public static func frame(_ opcode: Opcode, _ payload: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(payload.count + 10)
    appendHeader(opcode, count: payload.count, to: &out, isFinal: true, isCompressed: false, maskBit: 0)
    payload.withUnsafeBufferPointer { out.append(contentsOf: $0) }
    return out
  }

  /// Appends a client's frame, masked with a key that nobody can guess.
  public static func appendMasked(
    _ opcode: Opcode, _ payload: [UInt8], key: UInt32, to out: inout [UInt8], isFinal: Bool = true,
    isCompressed: Bool = false
  ) {
    appendHeader(opcode, count: payload.count, to: &out, isFinal: isFinal, isCompressed: isCompressed, maskBit: 0x80)
    withUnsafeBytes(of: key) { out.append(contentsOf: $0) }
    let start = out.count
    out.append(contentsOf: payload)
    out.withUnsafeMutableBytes { bytes in
      Mask.apply(key, phase: 0, to: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
    }
  }

  /// The payload of a close frame; a reason over 123 bytes is cut before the character that does not fit.
  public static func closePayload(_ code: CloseCode?, reason: String = "") -> [UInt8] {
    guard let code, code.isAllowedOnWire else { return [] }
    var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
    for scalar in reason.unicodeScalars {
      let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      guard payload.count + encoded.count <= MessageLimits.controlBytesMax else { break }
      payload.append(contentsOf: encoded)
    }
    return payload
  }

  /// Appends a server's close frame.
  public static func appendClose(_ code: CloseCode?, reason: String = "", to out: inout [UInt8]) {
    append(.close, closePayload(code, reason: reason), to: &out)
  }

  private static func appendHeader(
    _ opcode: Opcode, count: Int, to out: inout [UInt8], isFinal: Bool, isCompressed: Bool, maskBit: UInt8
  ) {
    out.append((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
    if count < 126 {
      out.append(maskBit | UInt8(truncatingIfNeeded: count))
    } else if count <= 0xFFFF {
      out.append(maskBit | 126)
      withUnsafeBytes(of: UInt16(truncatingIfNeeded: count).bigEndian) { out.append(contentsOf: $0) }
    } else {
      out.append(maskBit | 127)
      withUnsafeBytes(of: UInt64(count).bigEndian) { out.append(contentsOf: $0) }
    }
  }
}
