import SocketIO
import TestKit
import Testing

/// Packets that no client sends: read or refused, and never a trap.
struct GarbageTests {
  @Test func `packets and what their arguments say`() throws {
    let samples = [
      "0", #"0/admin,{"token":"\u20ac"}"#, "1/admin,", #"2/a,7["x",[1.5e3,null],{"a":"\"\\"}]"#, #"31["ok"]"#,
      #"52-["f",{"_placeholder":true,"num":0},{"num":1,"_placeholder":true}]"#,
      #"61-/a,3[{"_placeholder":true,"num":0}]"#,
    ]
    let marks = [
      "2", "5", "-", "/", ",", "[", "]", "{", "}", "\"", "\\", "\\u", "\\ud83d", ":", "null", "_placeholder", "num",
      "7",
      #"{"_placeholder":true,"num":"#, "\u{301}", "\0", String(repeating: "[", count: 200),
    ]
    var read = 0
    for bytes in Garbage.of(samples, marks: marks, count: 3_000) {
      guard String(validating: bytes, as: UTF8.self) != nil else { continue }
      var decoder = SocketDecoder()
      var packet = try? decoder.take(text: bytes)
      for attachment in [[1], [], [2, 3]] as [[UInt8]] where packet == nil {
        packet = (try? decoder.take(binary: attachment)) ?? nil
      }
      guard let packet else { continue }
      read += 1
      guard let event = packet.event else { continue }
      #expect(event.arguments.texts.count == event.arguments.count)
      _ = (event.arguments.texts(atMost: 1), packet.text)
    }
    #expect(read > 100)
  }
}
