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
}
