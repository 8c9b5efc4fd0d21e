import EngineIO
import IORuntime
import TestKit
import Testing

@testable import EngineServing

/// How sessions end, without a network.
@Suite struct SessionEndTests {
  private final class Ends: EngineListener {
    var ends: [EngineEnd] = []

    func received(text: [UInt8]) {}
    func received(binary: [UInt8]) {}
    func closed(_ end: EngineEnd) { ends.append(end) }
  }

  private static func session(
    _ loop: EventLoop, _ ends: Ends, _ tally: EngineTally = EngineTally(), limits: EngineLimits = EngineLimits()
  ) -> EngineSession {
    let session = EngineSession(
      directory: EngineDirectory(), loop: loop, mount: "", version: .v4, takesBytes: true, isSocket: false,
      limits: limits, tally: tally)
    session.begin(ends)
    return session
  }

  @Test func `a poll whose client was gone before it arrived is kept for nobody, and ends the session`() async throws {
    try await onLoop { loop in
      let (ends, tally) = (Ends(), EngineTally())
      let session = Self.session(loop, ends, tally)
      let poll = PendingPoll()
      let answer = await withUnsafeContinuation { continuation in
        poll.wait(continuation)
        session.pollLost(poll)
        session.pollArrived(poll, stamp: nil)
        session.end(.init(reason: .closedHere, pollAnswer: nil))
      }
      if case .refused(.badRequest) = answer {} else { Issue.record("\(answer)") }
      #expect(ends.ends == [.transportLost])
      #expect(tally.counts.polls == 0)
    }
  }

  @Test func `an address has so many sessions of nobody known, until they are known or over`() async throws {
    try await onLoop { loop in
      let directory = EngineDirectory()
      func begin(_ address: String) -> EngineSession? {
        let session = EngineSession(
          directory: directory, loop: loop, mount: "", version: .v4, takesBytes: true, isSocket: false,
          limits: EngineLimits(), tally: EngineTally(), from: address)
        return directory.add(session) ? session : nil
      }
      let first = begin("2001:db8::1")
      let second = begin("2001:db8::2")
      for _ in 2..<EngineDirectory.newcomersPerAddressMax { _ = begin("2001:db8::3") }
      #expect(begin("2001:db8::4") == nil)
      #expect(begin("192.0.2.7") != nil && begin("") != nil)
      first?.settle()
      first?.settle()
      #expect(begin("2001:db8::5") != nil)
      #expect(begin("2001:db8::6") == nil)
      first?.over(.closedHere)
      #expect(begin("2001:db8::7") == nil)
      second?.over(.closedHere)
      #expect(begin("2001:db8::8") != nil)
    }
  }

  @Test func `too much that waits ends the session after the one who sends has done his work`() async throws {
    try await onLoop { loop in
      let ends = Ends()
      let session = Self.session(loop, ends, limits: EngineLimits(queueBytesMax: 10))
      session.send(text: [UInt8](repeating: 0x61, count: 11))
      #expect(ends.ends.isEmpty && !session.isOpen)
      session.send(text: [0x61])
      try await eventually(within: 20_000, on: loop) { !ends.ends.isEmpty }
      #expect(ends.ends == [.overflow])
    }
  }
}
