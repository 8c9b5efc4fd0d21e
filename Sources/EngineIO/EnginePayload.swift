/// Several packets in one HTTP body.
///
/// - Shape: `4hello` 0x1E `bAQIDBA==` in revision 4. In revision 3 `6:4hello10:b4AQIDBA==`, where a length counts
///   UTF-16 units; or, when the client takes bytes, for each packet 0 or 1, the digits of its length in bytes as
///   numbers, 255 and the packet.
/// - Source: the Engine.IO protocol, revisions 3 and 4, "Payload".
public struct EnginePayload: Sendable, Equatable {
  /// The body.
  public var bytes: [UInt8]
  /// Whether the body is bytes and no text.
  public var isBinary: Bool

  static let separator: UInt8 = 0x1E

  /// Writes packets as one body.
  ///
  /// - Parameter takesBytes: revision 3: the client reads payloads of bytes, and gets one when a packet is binary.
  public init(_ packets: some Collection<EnginePacket>, version: EngineVersion, takesBytes: Bool = false) {
    bytes = []
    isBinary = false
    switch version {
    case .v4: writeSeparated(packets)
    case .v3 where takesBytes && packets.contains(where: \.isBinary):
      isBinary = true
      for packet in packets { writeCounted(packet) }
    case .v3:
      for packet in packets { writePrefixed(packet) }
    }
  }

  /// Reads a body.
  ///
  /// - Limits: at most `packetsMax` packets.
  public static func packets(
    of body: [UInt8], version: EngineVersion, packetsMax: Int = EngineLimits.payloadPacketsMax
  ) throws(PacketError) -> [EnginePacket] {
    guard let first = body.first else { throw .empty }
    if version == .v3, first <= 1 { return try CountedPayload.packets(of: body, packetsMax: packetsMax) }
    do { _ = try UTF8Span(validating: body.span) } catch { throw .notUTF8 }
    switch version {
    case .v4: return try separated(body, packetsMax)
    case .v3: return try PrefixedPayload.packets(of: body, packetsMax: packetsMax)
    }
  }

  private static func separated(_ body: [UInt8], _ packetsMax: Int) throws(PacketError) -> [EnginePacket] {
    var packets: [EnginePacket] = []
    for part in body.split(separator: separator, omittingEmptySubsequences: false) {
      guard packets.count < packetsMax else { throw .tooMany }
      if part.first == UInt8(ascii: "b") {
        guard let data = Base64.decode(part.dropFirst()) else { throw .base64 }
        packets.append(.binary(data))
      } else {
        packets.append(try EnginePacket(text: part))
      }
    }
    return packets
  }

  private mutating func writeSeparated(_ packets: some Collection<EnginePacket>) {
    for packet in packets {
      if !bytes.isEmpty { bytes.append(EnginePayload.separator) }
      if case .binary(let data) = packet {
        bytes.append(UInt8(ascii: "b"))
        Base64.append(data, to: &bytes)
      } else {
        packet.appendText(to: &bytes)
      }
    }
  }

  private mutating func writePrefixed(_ packet: EnginePacket) {
    if case .binary(let data) = packet {
      bytes.append(contentsOf: "\(Base64.length(of: data.count) + 2):b4".utf8)
      Base64.append(data, to: &bytes)
    } else {
      let text = packet.frame(version: .v3)
      bytes.append(contentsOf: "\(UTF16Length.of(text)):".utf8)
      bytes.append(contentsOf: text)
    }
  }

  private mutating func writeCounted(_ packet: EnginePacket) {
    let frame = packet.frame(version: .v3)
    bytes.append(packet.isBinary ? 1 : 0)
    bytes.append(contentsOf: String(frame.count).utf8.map { $0 &- UInt8(ascii: "0") })
    bytes.append(0xFF)
    bytes.append(contentsOf: frame)
  }
}
