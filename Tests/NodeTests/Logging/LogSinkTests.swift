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

  /// The alert for lost lines names a full disk, on which none was ever counted.
  @Test("what cannot be written is counted, and a line that was cut off does not run into the next")
  func full() {
    let nowhere = open("/dev/full", O_WRONLY)
    defer { close(nowhere) }
    let lost = LogSink(descriptor: nowhere)
    lost.write(Array("a\nb\n".utf8))
    Self.settle(lost)
    #expect(lost.dropped == 2)

    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
    defer { for end in ends { close(end) } }
    let sink = LogSink(descriptor: ends[1])
    // More than a pipe holds, of which no line's end is a page's.
    let line = String(repeating: "x", count: 99)
    for _ in 0..<1_000 { sink.write(Array("\(line)\n".utf8)) }
    Self.settle(sink)
    var written = Self.all(from: ends[0])
    sink.write(Array("next\n".utf8))
    Self.settle(sink)
    written += Self.all(from: ends[0])
    let lines = String(decoding: written, as: UTF8.self).split(separator: "\n")
    #expect(lines.last == "next")
    #expect(sink.dropped > 0 && lines.count { $0 == line } + sink.dropped == 1_000)
  }

  /// Waits until all has left, for half a minute at most; a flush waits for a second.
  private static func settle(_ sink: LogSink) { for _ in 0..<30 { sink.flush() } }

  private static func all(from descriptor: CInt) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &part, part.count), count > 0 { bytes += part.prefix(count) }
    return bytes
  }
}
