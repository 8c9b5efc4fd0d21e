import Testing

@testable import EngineServing
@testable import Node
@testable import SocketIO

/// What a client of Socket.IO says while its session takes nothing.
@Suite struct EventBacklogTests {
  private func event(_ name: String, bytes: Int = 0) -> SocketEvent {
    SocketEvent(
      namespace: "/", name: name,
      arguments: SocketArguments(
        payload: [UInt8](repeating: 0x31, count: bytes), elements: [0..<bytes], attachments: []), ackID: nil)
  }

  @Test func `waits in its order, and what comes behind it does not overtake it`() {
    var backlog = EventBacklog()
    #expect(backlog.arrived(event("a")) == .handOver)
    backlog.pause()
    for name in ["b", "c", "d"] { #expect(backlog.arrived(event(name)) == .wait) }
    #expect(backlog.next() == nil)
    backlog.resume()
    #expect(backlog.next()?.name == "b")
    #expect(backlog.arrived(event("e")) == .wait)
    #expect(backlog.next()?.name == "c")
    backlog.pause()
    #expect(backlog.next() == nil)
    backlog.resume()
    #expect(backlog.next()?.name == "d" && backlog.next()?.name == "e" && backlog.next() == nil)
    #expect(backlog.arrived(event("f")) == .handOver)
  }

  @Test func `is refused past a million bytes, and waits again once some are taken`() {
    var backlog = EventBacklog()
    backlog.pause()
    for _ in 0..<2 { #expect(backlog.arrived(event("long", bytes: EventBacklog.bytesMax / 2)) == .wait) }
    #expect(backlog.arrived(event("more")) == .refuse)
    backlog.resume()
    #expect(backlog.next()?.name == "long")
    #expect(backlog.arrived(event("more")) == .wait)
  }

  @Test func `counts what it holds of an event, not what that says`() throws {
    // 400 kB of spaces; and of one byte each so many arguments that their places take more than they do.
    let spaces = #"2["x""# + String(repeating: " ", count: 400_000) + "]"
    let many = #"2["x""# + String(repeating: ",1", count: 20_000) + "]"
    for text in [spaces, many] {
      var decoder = SocketDecoder(limits: SocketLimits())
      let event = try #require(try decoder.take(text: Array(text.utf8))?.event)
      var backlog = EventBacklog()
      backlog.pause()
      var waiting = 0
      while waiting < 100,
        backlog.arrived(SocketEvent(namespace: "/", name: event.name, arguments: event.arguments)) == .wait
      {
        waiting += 1
      }
      #expect(waiting == 3)
    }
  }
}
