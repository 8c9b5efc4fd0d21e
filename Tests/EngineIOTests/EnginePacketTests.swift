import EngineIO
import Testing

@Suite struct EnginePacketTests {
  static let texts: [(String, EnginePacket)] = [
    ("0{}", .open(Array("{}".utf8))), ("1", .close), ("2", .ping([])), ("2probe", .ping(EnginePacket.probe)),
    ("3", .pong([])), ("3probe", .pong(EnginePacket.probe)), ("4", .text([])), ("4hello", .text(Array("hello".utf8))),
    ("4€😀", .text(Array("€😀".utf8))), ("5", .upgrade), ("6", .noop),
  ]

  @Test("a packet of text is read and written the same", arguments: texts)
  func written(text: String, packet: EnginePacket) throws {
    #expect(try EnginePacket(text: Array(text.utf8)) == packet)
    #expect(packet.frame(version: .v4) == Array(text.utf8))
    #expect(packet.frame(version: .v3) == Array(text.utf8))
  }

  @Test("a binary message is its bytes in revision 4 and has its type before them in revision 3")
  func binary() throws {
    let packet = EnginePacket.binary([1, 2, 3])
    #expect(packet.frame(version: .v4) == [1, 2, 3])
    #expect(packet.frame(version: .v3) == [4, 1, 2, 3])
    #expect(try EnginePacket(binary: [1, 2, 3], version: .v4) == packet)
    #expect(try EnginePacket(binary: [4, 1, 2, 3], version: .v3) == packet)
    #expect(try EnginePacket(binary: [], version: .v4) == .binary([]))
    #expect(throws: PacketError.empty) { try EnginePacket(binary: [], version: .v3) }
    #expect(throws: PacketError.unknownType) { try EnginePacket(binary: [2, 1], version: .v3) }
  }

  @Test("what has no type of a packet is refused", arguments: ["", "7", "8x", "9", "abc", "-1", " 4", "b4"])
  func refused(text: String) {
    #expect(throws: text.isEmpty ? PacketError.empty : .unknownType) { try EnginePacket(text: Array(text.utf8)) }
  }

  @Test("the terms are the JSON that clients expect, and nothing in an id can break it")
  func terms() {
    let limits = EngineLimits(pingInterval: 300, pingTimeout: 200)
    func text(_ sid: String, _ offersUpgrade: Bool) -> String {
      let packet = EngineTerms(sid: sid, offersUpgrade: offersUpgrade, limits: limits).packet
      return String(decoding: packet.frame(version: .v4), as: UTF8.self)
    }
    #expect(
      text("n1.a-_Z", true)
        == #"0{"sid":"n1.a-_Z","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#)
    #expect(
      text("a\"b", false) == #"0{"sid":"ab","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#)
  }
}
