import ChatCore
import Delivery
import EngineServing
import Realtime
import Testing

@testable import Node

/// What waits for a session ends with it, and what comes next on the connection begins anew.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SocketIOTransportTests {
  /// One more than may be under way, and so many that wait.
  private static let many = 200

  private func flood(_ stage: TransportStage) async throws {
    let note = #"["message.send",{"conversation":\#(stage.room),"text":"x"}]"#
    for number in 0..<Self.many { stage.say("2\(number)\(note)") }
    try await stage.eventually { stage.gate.asked == stage.inFlightMax }
  }

  @Test func `who leaves with events waiting and comes in again is answered, and they are never done`() async throws {
    try await TransportStage.play { stage in
      try await stage.enter()
      try await flood(stage)
      stage.say("1")
      try await stage.enter()
      stage.say(#"2900["resume",{}]"#)
      #expect(try await stage.answer(900).contains(#""ok":true"#))
      stage.gate.open()
      stage.say(#"2901["message.send",{"conversation":\#(stage.room),"text":"y"}]"#)
      #expect(try await stage.answer(901).contains(#""ok":true"#))
      #expect(stage.gate.asked == stage.inFlightMax + 1)
      #expect(stage.heard.count { $0.hasPrefix("3") } == 2)
    }
  }

  @Test func `who is sent out with events waiting and comes in again is answered`() async throws {
    try await TransportStage.play { stage in
      try await stage.enter()
      try await flood(stage)
      stage.transport.session?.end(.signedOut)
      try await stage.enter()
      stage.say(#"2900["resume",{}]"#)
      #expect(try await stage.answer(900).contains(#""ok":true"#))
      #expect(stage.gate.asked == stage.inFlightMax)
    }
  }

  @Test func `an event past what may wait is refused at once and does not overtake those that wait`() async throws {
    try await TransportStage.play { stage in
      try await stage.enter()
      stage.transport.pauseReading()
      let long = String(repeating: "a", count: 500_000)
      for number in [300, 301] { stage.say(#"2\#(number)["message.send",{"text":"\#(long)"}]"#) }
      stage.say(#"2302["nothing",{}]"#)
      #expect(try await stage.answer(302).contains("too_many_requests"))
      #expect(stage.heard.count { $0.hasPrefix("3") } == 1)
      stage.transport.resumeReading()
      for number in [300, 301] { #expect(try await !stage.answer(number).contains("too_many_requests")) }
      stage.say(#"2303["nothing",{}]"#)
      #expect(try await stage.answer(303).contains("unknown_operation"))
    }
  }

  @Test func `who comes in while the node leaves keeps no session`() async throws {
    try await TransportStage.play { stage in
      stage.door.drain(over: 0)
      stage.say(#"0{"token":"good"}"#)
      #expect(stage.transport.session == nil)
      #expect(!stage.session.isOpen)
    }
  }
}
