/// The few packets of MQTT 3.1.1 that a broadcast needs, each a binary message of a WebSocket (subprotocol `mqtt`).
///
/// - Limits: QoS 0 and clean sessions only: a broker promises as little then as the other broadcasters do. A message
///   has one whole packet, as brokers send it, though the standard lets them cut elsewhere.
/// - Source: OASIS MQTT 3.1.1, sections 3.1 to 3.9 and 6.
enum MQTTPacket {
  /// Asks to come in: no name, no keep-alive.
  static let connect: [UInt8] = packet(0x10, [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, 0])

  /// Asks for what is published to a topic.
  static func subscribe(_ topic: String) -> [UInt8] { packet(0x82, [0, 1] + text(topic) + [0]) }

  /// Says something to a topic.
  static func publish(_ topic: String, _ payload: [UInt8]) -> [UInt8] { packet(0x30, text(topic) + payload) }

  private static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
  }

  private static func packet(_ head: UInt8, _ body: [UInt8]) -> [UInt8] {
    var out = [head]
    var rest = body.count
    repeat {
      out.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
      rest /= 128
    } while rest > 0
    return out + body
  }
}

extension Incoming {
  /// A broker's packet.
  static func packetOfMQTT(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    guard bytes.count >= 2 else { return .broken }
    switch bytes[0] & 0xF0 {
    case 0x20 where bytes.count == 4: return bytes[3] == 0 ? .opened : .refused("connack \(bytes[3])")
    case 0x90 where bytes.count == 5: return bytes[4] < 0x80 ? .entered : .refused("suback \(bytes[4])")
    case 0x30: return text(bytes)
    case 0x40, 0x50, 0x70, 0xB0, 0xD0: return .passing
    default: return .broken
    }
  }
}
