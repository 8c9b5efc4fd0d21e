import Glibc
import Testing

@testable import Node

@Suite("The log's thread")
struct LogSinkTests {
  @Test("lines leave in their order, those too that come while the thread lingers or sleeps")
  func order() {
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let sink = LogSink(descriptor: ends[1])
    let lines = (0..<300).map { "line \($0)\n" }
    for (number, line) in lines.enumerated() {
      sink.write(Array(line.utf8))
      // Longer than it lingers, now and then, so that it is met in each of its states.
      if number % 50 == 49 { usleep(12_000) }
    }
    var written: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    let all = lines.joined().utf8.count
    while written.count < all, case let count = read(ends[0], &part, part.count), count > 0 {
      written += part.prefix(count)
    }
    #expect(String(decoding: written, as: UTF8.self) == lines.joined())
    #expect(sink.dropped == 0)
  }

  @Test("lines that a full disk does not take are counted")
  func full() {
    let disk = open("/dev/full", O_WRONLY | O_CLOEXEC)
    let sink = LogSink(descriptor: disk)
    for number in 0..<3 { sink.write(Array("line \(number)\n".utf8)) }
    // A flush waits for a second at most.
    for _ in 0..<30 where sink.dropped < 3 { sink.flush() }
    #expect(sink.dropped == 3)
  }

  @Test("a pipe that does not wait gets all lines")
  func patient() {
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    #expect(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
    let sink = LogSink(descriptor: ends[1])
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1_023) + [UInt8(ascii: "\n")]
    for _ in 0..<200 { sink.write(line) }
    var got = 0
    var part = [UInt8](repeating: 0, count: 65_536)
    var ready = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
    // Nothing more comes from one that gives up.
    while got < 200 * line.count, poll(&ready, 1, 5_000) == 1 { got += read(ends[0], &part, part.count) }
    #expect(got == 200 * line.count && sink.dropped == 0)
  }
}
