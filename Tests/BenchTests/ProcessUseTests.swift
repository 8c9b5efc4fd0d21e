import Foundation
import Glibc
import JSONText
import Testing

@testable import Bench

@Suite struct ProcessUseTests {
  @Test("of the machine's line disks and interrupts are left out, and what the host takes is apart")
  func machineUse() throws {
    let tick = 1 / Double(sysconf(CInt(_SC_CLK_TCK)))
    let use = try #require(MachineUse("cpu  1 20 300 4000 50000 600000 7000000 80000000 9 9\ncpu0 1"))
    #expect(abs(use.busy - 321 * tick) < tick && use.stolen == 80_000_000 * tick)
    for text in ["", "cpu", "cpu 1 2 3 4 5 6 7", "intr 1 2 3 4 5 6 7 8"] { #expect(MachineUse(text) == nil, "\(text)") }
    #expect(MachineUse("cpu a b c d e f g h") != nil)
    let now = try #require(MachineUse.now)
    #expect(now.busy > 0)
  }

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

  @Test("memory that four processes share is counted once")
  func shared() throws {
    let script = """
      import mmap, os, sys, time
      block = mmap.mmap(-1, 64 << 20)
      for page in range(0, 64 << 20, 4096): block[page] = 1
      for _ in range(3):
          if os.fork() == 0:
              for page in range(0, 64 << 20, 4096): block[page]
              os.write(1, b'.')
              sys.stdin.read()
              os._exit(0)
      sys.stdin.read()
      """
    let python = Process()
    let (input, output) = (Pipe(), Pipe())
    python.executableURL = URL(filePath: "/usr/bin/env")
    python.arguments = ["python3", "-c", script]
    (python.standardInput, python.standardOutput) = (input, output)
    try python.run()
    defer {
      try? input.fileHandleForWriting.close()
      python.waitUntilExit()
    }
    var ready = 0
    while ready < 3 {
      let piece = output.fileHandleForReading.availableData
      try #require(!piece.isEmpty)
      ready += piece.count
    }
    let use = try #require(ProcessUse.now(of: [python.processIdentifier])[python.processIdentifier])
    let block = Double(64 << 20)
    #expect(use.resident > block && use.resident < block * 2 && use.own < block, "\(use)")
  }

  @Test("the machine is described without its name")
  func machine() {
    #expect((Machine.json["cores"]?.integer ?? 0) > 0 && (Machine.json["memory_bytes"]?.integer ?? 0) > 1 << 20)
    #expect(Machine.json["host"] == nil && Machine.openFiles > 0)
  }
}
