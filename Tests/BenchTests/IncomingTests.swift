import JSONText
import Testing

@testable import Bench

@Suite struct IncomingTests {
  private func read(_ wire: Wire, _ text: String) -> Incoming {
    Array(text.utf8).withUnsafeBytes { Incoming(wire, $0) }
  }

  private static let mark = Mark(worker: 3, number: 41, due: 123_456_789, place: 7, room: 2)

  private static let text: String = {
    var bytes: [UInt8] = []
    mark.append(to: &bytes, bytes: 80)
    return String(decoding: bytes, as: UTF8.self)
  }()

  @Test("a message's text has the asked length and says again what it was told")
  func marks() {
    #expect(Self.text.utf8.count == 80 && Self.text.hasPrefix("m!3!41!123456789!7!2!xx"))
    #expect(Array("say \(Self.text)".utf8).withUnsafeBytes { Mark(in: $0) } == Self.mark)
    for wrong in [
      "", "!", "m", "m!", "m!3!4!", "m!3!x!5!6!", "m!!!!!", "m!99999999999999999999!1!1!1!1!", "n!1!2!3!4!5!",
      "m!1!2!3!4!",
      "m!1!2!3!4!9999999999!",
    ] {
      #expect(Array(wrong.utf8).withUnsafeBytes { Mark(in: $0) } == nil, "\(wrong)")
    }
  }

  @Test("entries are read alike from a frame and from an event")
  func entries() {
    let frame = #"{"t":"message.created","conv":5121,"seq":42,"d":{"sender":{"id":1},"text":"\#(Self.text)"}}"#
    let entry = Incoming.entry(.init(conversation: 5121, seq: 42, mark: Self.mark))
    #expect(read(.native, frame) == entry)
    #expect(read(.socketio, #"42["message.created",\#(frame)]"#) == entry)
    #expect(read(.plain, Self.text) == .entry(.init(conversation: 0, seq: 7, mark: Self.mark)))
    let joined = #"{"t":"member.joined","conv":5121,"seq":43,"d":{"user":1}}"#
    #expect(read(.native, joined) == .entry(.init(conversation: 5121, seq: 43, mark: nil)))
    #expect(read(.native, #"{"t":"hello","d":{}}"#) == .passing)
    #expect(read(.native, #"{"t":"typing","conv":5121,"d":{"user":1}}"#) == .passing)
  }

  @Test("replies and acks bring number, seq or problem")
  func replies() {
    let done = Incoming.reply(.init(id: 7, problem: nil, seq: 42))
    let refused = Incoming.reply(.init(id: 7, problem: "rate_limited", seq: nil))
    #expect(read(.native, #"{"re":"7","ok":true,"d":{"id":9,"seq":42,"created_at":"x"}}"#) == done)
    #expect(read(.native, #"{"re":"7","error":{"code":"rate_limited","status":429}}"#) == refused)
    #expect(read(.socketio, #"437[{"ok":true,"d":{"id":9,"seq":42}}]"#) == done)
    #expect(read(.socketio, #"437[{"error":{"code":"rate_limited"}}]"#) == refused)
    #expect(read(.native, #"{"re":"7","ok":true}"#) == .reply(.init(id: 7, problem: nil, seq: nil)))
    #expect(read(.native, #"{"re":"x","ok":true}"#) == .passing)
  }

  @Test("the packets of Engine.IO and Socket.IO are told apart")
  func packets() {
    #expect(read(.socketio, #"0{"sid":"x"}"#) == .opened && read(.socketio, #"40{"sid":"x"}"#) == .entered)
    #expect(read(.socketio, "2") == .ping && read(.socketio, "6") == .passing)
    #expect(read(.socketio, "41") == .refused("disconnected") && read(.socketio, "44{}") == .refused("connect_error"))
    #expect(read(.socketio, "1") == .refused("engine_closed"))
  }

  @Test(
    "what is nothing of the protocol is broken or passed over, never a trap",
    arguments: [
      "", "{", "{}", "[]", "4", "43", "43[", "431", "431[", "431[]", "431[{]", "42", "42[", "42[{", "42[{]", "9",
      "\u{0}", #"{"re":7}"#, #"{"t":"a","conv":1,"seq":2}"#, #"{"t":"a","conv":"1","seq":2}"#, "42]{", "431{]", "<",
      "< ", "<a", "<a b", "<a b=", "<a b='", "<a:>", "<message type='groupchat'", "<iq type",
      "<presence type='error'><error", "<presence type='error'><error><",
    ])
  func broken(text: String) {
    for wire in Wire.allCases { _ = read(wire, text) }
    #expect(read(.native, "{") == .broken && read(.socketio, "") == .broken)
  }

  @Test("a broadcaster's texts are read behind the name of its event, and in MQTT's packets")
  func broadcasts() {
    let entry = Incoming.entry(.init(conversation: 0, seq: 7, mark: Self.mark))
    func heard(_ text: String) -> Incoming {
      Array(text.utf8).withUnsafeBytes { Incoming(.socketioPeer, $0, heard: Array("42[\"said\"".utf8)) }
    }
    #expect(heard(#"42["said","\#(Self.text)"]"#) == entry)
    #expect(heard(#"42["other","\#(Self.text)"]"#) == .passing)
    #expect(heard(#"0{"sid":"x"}"#) == .opened && heard("40") == .entered && heard("2") == .ping)
    func packet(_ bytes: [UInt8]) -> Incoming { bytes.withUnsafeBytes { Incoming(.mqtt, $0) } }
    #expect(packet(MQTTPacket.publish("r1", Array(Self.text.utf8))) == entry)
    #expect(packet([0x20, 2, 0, 0]) == .opened && packet([0x90, 3, 0, 1, 0]) == .entered)
    #expect(
      packet([0x20, 2, 0, 5]) == .refused("connack 5") && packet([0x90, 3, 0, 1, 0x80]) == .refused("suback 128"))
    let cut: [[UInt8]] = [[], [0x30], [0x20, 2], [0xFF, 0], [0x90, 3, 0, 1], [0x30, 0]]
    for bytes in cut { _ = packet(bytes) }
    #expect(MQTTPacket.publish("r1", [UInt8](repeating: 0x78, count: 200)).prefix(3) == [0x30, 0xCC, 0x01])
    #expect(MQTTPacket.subscribe("r1") == [0x82, 7, 0, 1, 0, 2, 0x72, 0x31, 0])
  }

  @Test("operations are written for both wires")
  func operations() throws {
    let body = Array(#"{"a":1}"#.utf8)
    #expect(
      String(decoding: Wire.native.operation("read", 12, body), as: UTF8.self)
        == #"{"id":"12","op":"read","d":{"a":1}}"#)
    #expect(String(decoding: Wire.socketio.operation("read", 12, body), as: UTF8.self) == #"4212["read",{"a":1}]"#)
  }

  @Test("the same bytes are read once, others never for them")
  func cache() {
    var cache = FrameCache()
    for number in 0..<40 {
      let bytes = Array("frame \(number % 20)".utf8)
      bytes.withUnsafeBytes { bytes in
        let known = cache.find(bytes) != nil
        #expect(!known, "twenty in turn are more than it keeps")
        cache.remember(bytes, .init(conversation: Int64(number % 20), seq: 1, mark: nil), number % 20)
      }
    }
    for number in 4..<20 {
      let found = Array("frame \(number)".utf8).withUnsafeBytes { cache.find($0) }
      #expect(found?.place == number && found?.entry.conversation == Int64(number))
    }
  }
}
