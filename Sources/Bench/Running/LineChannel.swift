import IORuntime
import JSONText

/// JSON lines between the process that leads a run and one that drives it, over a pair of sockets.
///
/// - Isolation: one loop.
/// - Limits: lines of at most ``lineBytesMax`` bytes; a longer one, or one that is no JSON, ends the channel.
final class LineChannel: ConnectionHandler {
  /// An order with the tokens of 100,000 users has 60 MB; a result with all its histograms less.
  static let lineBytesMax = 256 << 20

  private let connection: Connection
  private var rest: [UInt8] = []
  private let line: (JSONValue) -> Void
  private let over: () -> Void

  /// Takes over a descriptor; `line` gets each line, `over` is told once when there will be no more.
  init(loop: EventLoop, descriptor: CInt, line: @escaping (JSONValue) -> Void, over: @escaping () -> Void) {
    var options = ConnectionOptions()
    options.queueMax = UInt32(Self.lineBytesMax)
    connection = Connection(loop: loop, descriptor: descriptor, options: options)
    self.line = line
    self.over = over
  }

  func begin() { connection.begin(with: self) }

  func send(_ value: JSONValue) { connection.send(value.bytes + [UInt8(ascii: "\n")]) }

  /// Sends what waits, then ends.
  func close() { connection.closeAfterFlush(deadline: 2_000) }

  func received(_ bytes: UnsafeRawBufferPointer) {
    var piece = bytes[...]
    while let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
      rest.append(contentsOf: piece[..<end])
      piece = piece[(end + 1)...]
      let text = rest
      rest = []
      guard let value = try? JSONValue(parsing: text, limits: JSONLimits(bytesMax: Self.lineBytesMax)) else {
        return connection.close()
      }
      line(value)
    }
    rest.append(contentsOf: piece)
    if rest.count > Self.lineBytesMax { connection.close() }
  }

  func ended(_ reason: ConnectionEnd) { over() }
}
