import ChatCore
import Delivery
import JSONText
import TestKit
import Testing

@testable import Realtime

/// Whatever takes a `seq` by the sockets; REST is held to the same list.
@Suite struct WrongSeqTests {
  /// An operation with that number, and the pointer to it in `d`.
  private struct Ask {
    let operation: String
    let data: String
    let pointer: String
  }

  private func asks(_ literal: String, _ room: ConversationID) -> [Ask] {
    [
      Ask(operation: "read", data: #"{"conversation":\#(room.rawValue),"seq":\#(literal)}"#, pointer: "/seq"),
      Ask(
        operation: "resume", data: #"{"heads":{"\#(room.rawValue)":\#(literal)}}"#,
        pointer: "/heads/\(room.rawValue)"),
    ]
  }

  @Test func `these are all operations that take one`() {
    let takes = Operations.rows(Limits(), RealtimeLimits()).filter { operation in
      operation.shape.fields.contains { ["seq", "heads", "before", "after", "around", "head"].contains($0.name) }
    }
    #expect(takes.map(\.name).sorted() == ["read", "resume"])
  }

  @Test(arguments: WrongSeqs.literals)
  func `what is no seq is refused by name, in a sentence`(literal: String) throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    let native = stage.connect(token: try stage.token(of: stage.bob).token)
    let packets = try stage.entered(stage.bob)
    stage.time.run(for: 20)
    for (number, ask) in asks(literal, room).enumerated() {
      native.send(#"{"id":"\#(number)","op":"\#(ask.operation)","d":\#(ask.data)}"#)
      packets.emit(ask.operation, ask.data, ack: Int64(number))
      stage.time.run(for: 100)
      for (door, reply) in [("native", native.reply("\(number)")), ("Socket.IO", packets.acks[Int64(number)])] {
        let error = try #require(reply?["error"], "\(door): \(ask.operation)")
        #expect(error["status"]?.integer == 400, "\(door): \(ask.operation)")
        let fault = error["errors"]?[0]
        #expect(fault?["pointer"]?.string == ask.pointer, "\(door): \(ask.operation)")
        let sentence = fault?["detail"]?.string ?? ""
        #expect(sentence.contains(" ") && sentence.hasSuffix("."), "\(door): \(sentence)")
      }
    }
    #expect(native.closed == nil && packets.closed == nil, "it may correct itself")
  }

  @Test func `the largest seq is one, though nothing has it`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    let native = stage.connect(token: try stage.token(of: stage.bob).token)
    stage.time.run(for: 20)
    for (ask, code) in zip(asks(WrongSeqs.largest, room), ["invalid_request", "invalid_head"]) {
      native.send(#"{"id":"\#(code)","op":"\#(ask.operation)","d":\#(ask.data)}"#)
      stage.time.run(for: 100)
      #expect(native.code(code) == code)
      #expect(native.pointers(code) == [ask.pointer])
    }
  }

  @Test(arguments: WrongSeqs.literals + [WrongSeqs.largest])
  func `an offset with it is not where anybody was`(literal: String) {
    let room = ConversationID(rawValue: 5_121)
    var trail = Trail()
    trail.sent(EntryPlace(room, 1))
    trail.resumed([:])
    #expect(trail.rewound(to: "\(room.rawValue):1") != nil)
    #expect(trail.rewound(to: "\(room.rawValue):\(literal)") == nil)
  }
}
