import Glibc
import IORuntime
import Testing

@Suite("Signals", .serialized)
struct SignalsTests {
  @Test("a signal is told on the loop, and the process goes on")
  func toldOnLoop() async throws {
    try await withLoop { loop in
      let seen = Box<[CInt]>([])
      let signals = try await loop.submit {
        try Signals([SIGUSR1, SIGHUP], on: loop) { number in
          #expect(loop.inLoop)
          seen.value.append(number)
        }
      }
      kill(getpid(), SIGUSR1)
      #expect(try await eventually { seen.value == [SIGUSR1] })
      kill(getpid(), SIGHUP)
      #expect(try await eventually { seen.value == [SIGUSR1, SIGHUP] })
      try await loop.submit { signals.end() }
    }
  }

  @Test("a signal that cannot be caught is refused")
  func uncatchable() async throws {
    try await withLoop { loop in
      await #expect(throws: SystemError(call: "sigaction", code: EINVAL)) {
        try await loop.submit { _ = try Signals([SIGKILL], on: loop) { _ in } }
      }
    }
  }

  @Test("writing to a pipe that nobody reads is an error, not the end")
  func brokenPipes() {
    Signals.ignoreBrokenPipes()
    var ends: [CInt] = [-1, -1]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    #expect(write(ends[1], "x", 1) == -1)
    #expect(errno == EPIPE)
    close(ends[1])
  }
}
