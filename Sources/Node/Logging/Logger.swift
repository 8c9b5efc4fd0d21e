import ChatCore
import Glibc
import JSONText

/// One member of a log line; never a text of a message, a token, a password or a query.
struct LogField: Sendable {
  let name: StaticString
  let value: Value

  enum Value: Sendable {
    case text(String)
    case number(Int64)
  }

  /// A text, cut at ``textBytesMax``.
  static func text(_ name: StaticString, _ value: String) -> LogField {
    LogField(
      name: name, value: .text(value.utf8.count <= textBytesMax ? value : String(value.prefix(textBytesMax / 4))))
  }

  /// A number.
  static func number(_ name: StaticString, _ value: Int64) -> LogField {
    LogField(name: name, value: .number(value))
  }

  /// The longest text of a field in bytes: a stack of errors fits, a payload does not.
  static let textBytesMax = 1_024
}

/// Writes structured lines.
///
/// - Shape: `{"ts":"2026-11-21T08:47:00.123Z","level":"info","node":"s1","msg":"listening","address":"0.0.0.0:8080"}`,
///   or with `text` format `08:47:00.123 info listening address=0.0.0.0:8080`.
/// - Limits: see ``LogSink``; a full disk or a slow reader costs lines, never a request.
struct Logger: Sendable {
  private let sink: LogSink
  private let format: LogFormat
  private let level: LogLevel
  private let node: String

  /// A logger of one node.
  init(sink: LogSink, format: LogFormat, level: LogLevel, node: String) {
    self.sink = sink
    self.format = format
    self.level = level
    self.node = node
  }

  /// Writes at info level.
  func info(_ message: StaticString, _ fields: LogField...) { log(.info, message, fields) }
  /// Writes at warning level.
  func warning(_ message: StaticString, _ fields: LogField...) { log(.warning, message, fields) }
  /// Writes at error level.
  func error(_ message: StaticString, _ fields: LogField...) { log(.error, message, fields) }

  /// Whether lines of that level are wanted.
  func writes(_ level: LogLevel) -> Bool { level >= self.level }

  /// Writes at a level, if lines of that level are wanted.
  func log(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
    guard writes(level) else { return }
    let now = SystemClock().now
    switch format {
    case .json: sink.write(json(level, message, fields, now))
    case .text: sink.write(text(level, message, fields, now))
    }
  }

  private func json(_ level: LogLevel, _ message: StaticString, _ fields: [LogField], _ now: Timestamp) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      let ascii = now.rfc3339ASCII
      writer.member("ts", utf8: ascii.span)
      writer.member("level", level.rawValue)
      writer.member("node", node)
      message.withUTF8Buffer { writer.member("msg", utf8: $0.span) }
      for field in fields {
        switch field.value {
        case .text(let text): writer.member(field.name, text)
        case .number(let number): writer.member(field.name, number)
        }
      }
    }
    var line = writer.finish()
    line.append(UInt8(ascii: "\n"))
    return line
  }

  private func text(_ level: LogLevel, _ message: StaticString, _ fields: [LogField], _ now: Timestamp) -> [UInt8] {
    var line = "\(now.rfc3339.dropFirst(11).dropLast()) \(level.rawValue) \(message)"
    for field in fields {
      switch field.value {
      case .text(let text): line += " \(field.name)=\(Logger.printable(text))"
      case .number(let number): line += " \(field.name)=\(number)"
      }
    }
    return Array((line + "\n").utf8)
  }

  /// Control characters would let a text forge a line or paint the terminal.
  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  }
}
