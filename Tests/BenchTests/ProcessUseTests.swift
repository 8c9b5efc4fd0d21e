import Glibc
import JSONText
import Testing

@testable import Bench

@Suite struct ProcessUseTests {
  @Test("a process's CPU and memory are read, those of one that is not there are nothing")
  func own() throws {
    let before = try #require(ProcessUse.now(of: [getpid()])[getpid()])
    #expect(before.resident > 1_000_000 && before.own > 0 && before.own <= before.resident)
    var (sum, rounds) = (UInt64(0), 0)
    var later = before
    // Ticks of the system's clock are ten milliseconds: works until some have passed, however long that takes.
    while later.cpu < before.cpu + 0.05, rounds < 100_000 {
      for value in 0..<200_000 { sum &+= UInt64(value) &* 2_654_435_761 }
      rounds += 1
      later = ProcessUse.now(of: [getpid()])[getpid()] ?? before
    }
    #expect((later - before).cpu > 0.04 && sum > 0)
    #expect(ProcessUse.now(of: [Int32.max])[Int32.max] == ProcessUse())
  }

  @Test("what a child has used is its parent's too")
  func children() throws {
    let pid = getpid()
    #expect(ProcessUse.now(of: [getppid(), pid]).count == 2)
    let parent = try #require(ProcessUse.now(of: [getppid()])[getppid()])
    let child = try #require(ProcessUse.now(of: [pid])[pid])
    #expect(parent.resident >= child.resident / 2)
  }

  @Test("the machine is described without its name")
  func machine() {
    #expect((Machine.json["cores"]?.integer ?? 0) > 0 && (Machine.json["memory_bytes"]?.integer ?? 0) > 1 << 20)
    #expect(Machine.json["host"] == nil && Machine.openFiles > 0)
  }
}
