import EngineIO
import TestKit
import Testing

/// Bodies and queries that no client sends: read or refused, and never a trap.
struct GarbageTests {
  @Test func `bodies`() throws {
    let texts = ["6:4hello10:b4AQIDBA==2:4€", "4hello\u{1E}bAQIDBA==\u{1E}2probe", "0{\"sid\":\"a\"}", "1", "6"]
    let bytes: [[UInt8]] = [
      [0, 6, 255] + Array("4hello".utf8) + [1, 5, 255, 4, 1, 2, 3, 4], [1, 1, 2, 3, 255, 4], [0, 2, 255, 0x34, 0x61],
    ]
    let marks = [":", "b", "b4", "4", "\u{1E}", "=", "==", "\0", "\u{1}", "€", "😀", "9", "2"]
    for body in Garbage.of(texts, marks: marks) + Garbage.of(bytes, marks: marks) {
      for version in [EngineVersion.v3, .v4] {
        let packets = (try? EnginePayload.packets(of: body, version: version)) ?? []
        for takesBytes in [false, true] {
          let payload = EnginePayload(packets, version: version, takesBytes: takesBytes)
          #expect(packets.isEmpty || payload.bytes.count >= packets.count)
        }
        _ = (try? EnginePacket(text: body), try? EnginePacket(binary: body, version: version))
      }
    }
  }

  @Test func `queries`() {
    let names = ["EIO", "transport", "sid", "t", "b64"]
    var taken = 0
    for body in Garbage.of(["4", "polling", "websocket", "n-1.abcDEF_-9", "OyX7z9k"], marks: [".", "-", "", "é", "4"]) {
      let text = String(decoding: body, as: UTF8.self)
      for name in names {
        for asksUpgrade in [false, true] {
          var good = ["EIO": "4", "transport": asksUpgrade ? "websocket" : "polling", "t": "a"]
          good[name] = text
          let request = try? EngineRequest(method: "GET", asksUpgrade: asksUpgrade, versions: [.v3, .v4]) { good[$0] }
          if request != nil { taken += 1 }
        }
      }
    }
    #expect(taken > 100)
  }
}
