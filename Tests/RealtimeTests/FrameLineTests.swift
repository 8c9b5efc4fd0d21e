import ChatCore
import Delivery
import TestKit
import Testing

@testable import Realtime

/// Which sessions are told past themselves.
@Suite struct FrameLineTests {
  private final class Socket: FrameLine {
    private(set) var frames = 0
    var behind: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    func deliver(framed bytes: [UInt8]) -> Int {
      frames += 1
      return 0
    }
  }

  private let stage: SocketStage
  private let room: ConversationID
  private let caller: Caller

  init() throws {
    stage = try SocketStage()
    room = try stage.group(members: [stage.bob])
    caller = try stage.token(of: stage.bob).caller
  }

  private func say(times: Int) {
    let (chat, room, caller) = (stage.chat, room, caller)
    for _ in 0..<times {
      let sent = stage.time.finish { try? await SendMessage(conversation: room, text: "x").run(in: chat, as: caller) }
      #expect(sent ?? nil != nil)
      stage.time.run(for: 50)
    }
  }

  @Test func `a session's frames go straight from the first one on before which its transport has a line`() throws {
    let client = try stage.client(stage.ada)
    let seat = try #require(client.session?.seat)
    say(times: 2)
    #expect(seat.line == nil)
    let socket = Socket()
    client.line = socket
    say(times: 1)
    #expect(seat.line === socket)
    #expect(client.seqs(room) == [2, 3, 4])
  }

  @Test func `of who may come back each entry is written down, so none goes past him`() throws {
    for recovers in [false, true] {
      let client = try stage.entered(stage.ada, recovering: recovers)
      client.line = Socket()
      client.emit("resume", "{}", ack: 0)
      stage.time.run(for: 50)
      say(times: 3)
      #expect(client.seqs.count == 3)
      #expect((client.session?.seat?.line == nil) == recovers)
    }
  }
}
