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
  func lines(_ count: Int) -> [String] {
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while text.count(where: { $0 == UInt8(ascii: "\n") }) < count, hasMore(),
      case let got = read(ends.read, &part, part.count), got > 0
    { text += part.prefix(got) }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0.dropFirst(13)) }
  }

  private func hasMore() -> Bool {
    var end = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
    return poll(&end, 1, 30_000) > 0
  }
}
