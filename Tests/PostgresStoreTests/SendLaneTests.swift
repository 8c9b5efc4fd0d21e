import ChatCore
import Testing

@testable import PostgresStore

@Suite("Send lane")
struct SendLaneTests {
  private func send(_ text: String, key: String?, by sender: Int64 = 1, in room: Int64 = 1) -> Send {
    let message = NewMessage(
      conversation: ConversationID(rawValue: room << 12 | 7), sender: UserID(rawValue: sender << 12), type: .text,
      text: text, clientMessageID: key, replyTo: nil)
    return Send(message, deadline: .max) { _ in }
  }

  private func texts(_ sends: [Send]) -> [String] { sends.map(\.message.text) }

  @Test("of two that are the same send the second waits for the next batch, in its place among the others")
  func repeated() {
    var lane = SendLane()
    lane.waiting = [send("1", key: "a"), send("2", key: "b"), send("3", key: "a"), send("4", key: "c")]
    #expect(texts(lane.takeBatch(atMost: 256)) == ["1", "2", "4"])
    #expect(texts(lane.takeBatch(atMost: 256)) == ["3"])
    #expect(lane.takeBatch(atMost: 256).isEmpty)
  }

  @Test("one key of two senders or in two conversations is two sends, and so are keys that only look the same")
  func different() {
    var lane = SendLane()
    let long = String(repeating: "k", count: 30)
    lane.waiting = [
      send("1", key: "\u{E9}"), send("2", key: "e\u{301}"), send("3", key: "\u{E9}", by: 2),
      send("4", key: "\u{E9}", in: 2), send("5", key: nil), send("6", key: nil), send("7", key: long),
      send("8", key: long + "k"),
    ]
    #expect(texts(lane.takeBatch(atMost: 256)) == ["1", "2", "3", "4", "5", "6", "7", "8"])
  }

  @Test("a batch has at most as many as it may, the oldest, however often they repeat one another")
  func bounded() {
    var lane = SendLane()
    lane.waiting = (0..<1_000).map { send("\($0)", key: "\($0 % 300)") }
    var left = (0..<1_000).map { $0 }
    while !left.isEmpty {
      var keys: Set<Int> = []
      let expected = left.filter { keys.count < 256 && keys.insert($0 % 300).inserted }
      #expect(texts(lane.takeBatch(atMost: 256)) == expected.map(String.init))
      left.removeAll { expected.contains($0) }
    }
    #expect(lane.waiting.isEmpty)
  }
}
