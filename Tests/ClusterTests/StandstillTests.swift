import Glibc
import Testing

@testable import TestKit

/// What a test judges by the clock is judged without the time in which nothing of it ran.
struct StandstillTests {
  @Test func `only what lies within the time that is judged is taken off it`() {
    let stops: [Range<Moment>] = [0..<100, 150..<180, 190..<400]
    #expect(Standstill.rest(of: 50..<200, without: stops) == 60)
    #expect(Standstill.rest(of: 100..<150, without: stops) == 50)
    #expect(Standstill.rest(of: 160..<170, without: stops) == 0)
    #expect(Standstill.rest(of: 50..<200, without: []) == 150)
  }

  @Test func `while the process is stopped no time goes by, while it only waits it does`() async throws {
    let standstill = try Standstill()
    let begin = Stopwatch.now
    let log = "/dev/null"
    let stop = "kill -STOP \(getpid()) && sleep 0.5; kill -CONT \(getpid())"
    let child = try ChildProcess.spawn(["/bin/sh", "-c", stop], environment: [:], log: log)
    var status: CInt = 0
    waitpid(child, &status, 0)
    let end = Stopwatch.now
    try #require(status == 0 && end - begin > 500_000)
    #expect(standstill.took(from: begin, to: end) <= (end - begin) / 1_000 - 450)
    usleep(200_000)
    #expect(standstill.took(from: begin, to: end) <= (end - begin) / 1_000 - 450)
    #expect(standstill.took(from: end) > 0)
    #expect(standstill.stood >= 450_000)
  }

  /// Stands still at the first look for longer than is waited, and is so at the fifth.
  private final class Late {
    private var looks = 0
    func isSo() -> Bool {
      looks += 1
      if looks == 1 { usleep(300_000) }
      return looks >= 5
    }
  }

  @Test func `who stood still for all of a wait's time looks again before it is over`() async throws {
    let late = Late()
    #expect(await Stopwatch.wait(100) { late.isSo() })
    try await onLoop { loop in
      let late = Late()
      try await eventually(within: 100, on: loop) { late.isSo() }
    }
  }
}
