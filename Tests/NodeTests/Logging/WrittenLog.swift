import Glibc

@testable import Node

/// A logger whose lines a test reads.
final class WrittenLog {
  private let ends: (read: CInt, write: CInt)
  let logger: Logger

  /// One that keeps lines of a level and above.
  init(level: LogLevel = .info) {
    var ends: [CInt] = [0, 0]
    precondition(pipe(&ends) == 0)
    self.ends = (ends[0], ends[1])
    logger = Logger(sink: LogSink(descriptor: ends[1]), format: .text, level: level, node: "test")
  }

  deinit { close(ends.read) }

  /// The first lines, without the time; waits for them, so a test asks for a last one that must come, and is given
  /// fewer when none has come for half a minute.
  func lines(_ count: Int) -> [String] { lines { $0.count >= count } }

  /// All lines so far, but for one that is written to end them.
  func all() -> [String] {
    logger.error("that is all")
    return lines { $0.last == "error that is all" }.dropLast()
  }

  private func lines(until isEnd: ([String]) -> Bool) -> [String] {
    var text: [UInt8] = []
    var lines: [String] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while text.last != UInt8(ascii: "\n") || !isEnd(lines), hasMore(),
      case let got = read(ends.read, &part, part.count), got > 0
    {
      text += part.prefix(got)
      lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0.dropFirst(13)) }
    }
    return lines
  }

  private func hasMore() -> Bool {
    var end = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
    return poll(&end, 1, 30_000) > 0
  }
}
