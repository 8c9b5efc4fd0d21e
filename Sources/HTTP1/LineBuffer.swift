/// Lines that may arrive in pieces: keeps what has come, and refuses at the first byte that cannot be.
///
/// A line ends with CR LF and with nothing else; inside it there is no control character but the tab.
struct LineBuffer {
  enum Taken {
    case needMore
    /// Where the line stands in ``LineBuffer/bytes``, without its end.
    case line(Range<Int>)
    /// The byte after the last one allowed has come; it is not kept.
    case tooLong
  }

  private(set) var bytes: [UInt8] = []
  private var lineStart = 0
  private var sectionStart = 0

  var isEmpty: Bool { bytes.isEmpty }

  /// Forgets everything and holds no memory.
  mutating func release() {
    bytes = []
    lineStart = 0
    sectionStart = 0
  }

  /// Gives the bytes away and holds no memory.
  mutating func take() -> [UInt8] {
    let all = bytes
    release()
    return all
  }

  /// From here on the section's bytes are counted.
  mutating func startSection() { sectionStart = bytes.count }

  /// True when one of the first bytes of the line is a space.
  func hasSpace(within count: Int) -> Bool { bytes[lineStart...].prefix(count &+ 1).contains(Byte.space) }

  /// Takes one line of so many bytes without its end.
  mutating func take(_ input: Span<UInt8>, _ position: inout Int, lineBytesMax: Int) throws(Refusal) -> Taken {
    try take(input, &position, textRoom: lineBytesMax)
  }

  /// Takes one line of a section whose lines have so many bytes with their ends; the empty last line is not counted.
  mutating func take(_ input: Span<UInt8>, _ position: inout Int, sectionBytesMax: Int) throws(Refusal) -> Taken {
    try take(input, &position, textRoom: sectionBytesMax &- (lineStart &- sectionStart) &- 2)
  }

  private mutating func take(_ input: Span<UInt8>, _ position: inout Int, textRoom: Int) throws(Refusal) -> Taken {
    let start = position
    let textEnd = start &+ max(textRoom &- (bytes.count &- lineStart), 0)
    var afterReturn = bytes.count > lineStart && bytes.last == Byte.carriageReturn
    if !afterReturn { position = LineBuffer.endOfText(input, from: position, upTo: min(textEnd, input.count)) }
    while position < input.count {
      let byte = input[position]
      if afterReturn {
        guard byte == Byte.lineFeed else { throw .bareCarriageReturn }
        position &+= 1
        return finishLine(input, start..<position)
      }
      if byte == Byte.carriageReturn {
        afterReturn = true
      } else if position >= textEnd {
        append(input, start..<position)
        return .tooLong
      } else if (byte < Byte.space && byte != Byte.tab) || byte == Byte.delete {
        throw byte == Byte.lineFeed ? .bareLineFeed : .controlCharacter
      }
      position &+= 1
    }
    append(input, start..<position)
    return .needMore
  }

  /// Passes over bytes that may all stand in a line, eight at a time; what may not is among those that follow.
  private static func endOfText(_ input: Span<UInt8>, from start: Int, upTo end: Int) -> Int {
    input.withUnsafeBytes { raw in
      var position = start
      while position &+ 8 <= end {
        let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        let deletes = word ^ (ones &* UInt64(Byte.delete))
        let found = (word &- ones &* UInt64(Byte.space)) & ~word | (deletes &- ones) & ~deletes
        guard found & highs == 0 else { break }
        position &+= 8
      }
      return position
    }
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  private mutating func finishLine(_ input: Span<UInt8>, _ range: Range<Int>) -> Taken {
    append(input, range)
    let line = lineStart..<(bytes.count &- 2)
    lineStart = bytes.count
    return .line(line)
  }

  private mutating func append(_ input: Span<UInt8>, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    if bytes.isEmpty { bytes.reserveCapacity(input.count &- range.lowerBound) }
    input.extracting(range).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }
}
