/// Cuts what is read into lines, of which only one is held.
///
/// - Limits: a line has at most ``lineBytesMax`` bytes; of a longer one nothing is kept but its number.
/// - Isolation: used by one caller at a time; reading may block, so on the blocking pool.
public final class LineReader {
  /// Bytes of a line: the longest text with every character escaped, and a group of 256 with the longest keys.
  public static let lineBytesMax = 262_144

  /// A line that is not blank.
  public struct Line: Sendable, Equatable {
    /// Its number, from 1.
    public let number: Int
    /// Its bytes, without its end; nil when they were too many.
    public let bytes: [UInt8]?
  }

  /// Why nothing more can be read.
  public struct Failure: Error, Sendable, Equatable {
    /// The system's word for it.
    public let reason: String

    /// Words it.
    public init(reason: String) { self.reason = reason }
  }

  private let read: (_ most: Int) throws(Failure) -> [UInt8]
  private var chunk: ArraySlice<UInt8> = []
  private var number = 0
  private var isAtEnd = false
  private var hasBegun = false

  /// How files begin that are no lines of JSON, of whose every line it would be said that it is wrong.
  private static let others: [(beginning: [UInt8], reason: String)] = [
    ([0xFF, 0xFE], "it is text in UTF-16, and has to be in UTF-8"),
    ([0xFE, 0xFF], "it is text in UTF-16, and has to be in UTF-8"),
    ([0x1F, 0x8B], "it is compressed by gzip; give it as zcat prints it"),
    ([0x28, 0xB5, 0x2F, 0xFD], "it is compressed by zstd; give it as zstdcat prints it"),
    (Array("PK\u{3}\u{4}".utf8), "it is a ZIP archive"),
    (Array("SQLite format 3\u{0}".utf8), "it is a database of SQLite; a script writes the lines from it"),
  ]

  /// Reads by `read`, which gives some bytes, at most that many, and none at the end.
  public init(_ read: @escaping (_ most: Int) throws(Failure) -> [UInt8]) { self.read = read }

  /// The next line that is not blank; nil at the end.
  public func next() throws(Failure) -> Line? {
    while let line = try line() {
      guard let bytes = line.bytes else { return line }
      if bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { return line }
    }
    return nil
  }

  /// The next lines: at most that many, and none more once they have that many bytes.
  public func next(_ most: Int, bytesMax: Int) throws(Failure) -> [Line] {
    var lines: [Line] = []
    var bytes = 0
    while lines.count < most, bytes < bytesMax, let line = try next() {
      lines.append(line)
      bytes += line.bytes?.count ?? 0
    }
    return lines
  }

  private func line() throws(Failure) -> Line? {
    var bytes: [UInt8] = []
    var isTooLong = false
    var isEmpty = true
    while true {
      if chunk.isEmpty, !(try fill()) {
        if isEmpty { return nil }
        break
      }
      isEmpty = false
      let end = chunk.firstIndex(of: 0x0A)
      let part = chunk[..<(end ?? chunk.endIndex)]
      if bytes.count + part.count > Self.lineBytesMax {
        isTooLong = true
        bytes = []
      }
      if !isTooLong { bytes += part }
      chunk = end.map { chunk[($0 + 1)...] } ?? []
      if end != nil { break }
    }
    number += 1
    if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    return Line(number: number, bytes: isTooLong ? nil : bytes)
  }

  private func fill() throws(Failure) -> Bool {
    guard !isAtEnd else { return false }
    chunk = try read(65_536)[...]
    isAtEnd = chunk.isEmpty
    if !hasBegun, let other = Self.others.first(where: { chunk.starts(with: $0.beginning) }) {
      throw Failure(reason: other.reason)
    }
    hasBegun = true
    return !isAtEnd
  }
}
