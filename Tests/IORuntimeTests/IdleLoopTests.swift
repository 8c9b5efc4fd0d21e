import IORuntime
import Testing

@Suite("An idle loop")
struct IdleTests {
  @Test("does not wake up for a peer that has finished, or is paused, or has hung up")
  func noSpin() async throws {
    try await withLoop { loop in
      let halfClosed = try await Pair(on: loop, serve: { Recorder($0, halfClose: .stayOpen) })
      try await halfClosed.client.act { $0.shutdownWrite() }
      let paused = try await Pair(on: loop)
      try await paused.server.act { $0.pauseReading() }
      try await paused.client.act { connection in
        connection.send("unread")
        connection.shutdownWrite()
      }
      let hungUp = try await Pair(on: loop)
      try await hungUp.server.act { $0.pauseReading() }
      try await hungUp.server.act { $0.shutdownWrite() }
      try await hungUp.client.act { $0.close() }
      #expect(try await eventually { halfClosed.server.seen.finished == 1 })
      try await Task.sleep(for: .milliseconds(50))
      let before = loop.vitals.ticks
      try await Task.sleep(for: .milliseconds(200))
      #expect(loop.vitals.ticks - before < 10)
      try await hungUp.server.act { $0.resumeReading() }
      #expect(try await eventually { hungUp.server.seen.ended.count == 1 })
    }
  }
}
