/// A body in chunks, as far as it has come.
///
/// - Limits: ``bytesMax``, ``lineBytesMax``. Extensions and trailers are passed over.
/// - Source: RFC 9112 section 7.1.
enum Chunks {
  case needMore
  /// The body, and the place behind it.
  case whole([UInt8], end: Int)
  case broken

  /// Bytes of all chunks with what stands around them: 1 MiB, an error in words many times. All are read again with
  /// each arrival.
  static let bytesMax = 1 << 20
  /// Bytes of the line before a chunk: 1 KiB, a size and extensions that nobody uses.
  static let lineBytesMax = 1 << 10

  /// Reads what begins at that place.
  init(_ bytes: [UInt8], from start: Int) {
    var reading = Reading(bytes: bytes, position: start)
    let outcome = reading.body()
    switch outcome {
    case .needMore: self = bytes.count - start > Self.bytesMax ? .broken : .needMore
    case .whole(_, let end): self = end - start > Self.bytesMax ? .broken : outcome
    case .broken: self = .broken
    }
  }

  private struct Reading {
    let bytes: [UInt8]
    var position: Int

    mutating func body() -> Chunks {
      var body: [UInt8] = []
      while true {
        guard let line = nextLine() else {
          return bytes.count - position > Chunks.lineBytesMax + 1 ? .broken : .needMore
        }
        guard line.count <= Chunks.lineBytesMax, let size = Reading.size(line) else { return .broken }
        guard size > 0 else { return trailers(after: body) }
        guard size <= Chunks.bytesMax else { return .broken }
        guard bytes.count >= position + size else { return .needMore }
        body += bytes[position..<position + size]
        position += size
        guard let rest = nextLine() else { return bytes.count - position > 1 ? .broken : .needMore }
        guard rest.isEmpty else { return .broken }
      }
    }

    private mutating func trailers(after body: [UInt8]) -> Chunks {
      while let line = nextLine() {
        if line.isEmpty { return .whole(body, end: position) }
      }
      return .needMore
    }

    /// The next line without its end, which is passed.
    private mutating func nextLine() -> ArraySlice<UInt8>? {
      var end = position
      while end + 1 < bytes.count {
        if bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") {
          defer { position = end + 2 }
          return bytes[position..<end]
        }
        end += 1
      }
      return nil
    }

    /// `1f;name=value`: at most eight digits.
    private static func size(_ line: ArraySlice<UInt8>) -> Int? {
      let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
      guard (1...8).contains(digits.count) else { return nil }
      var size = 0
      for byte in digits {
        guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
        size = size << 4 | digit
      }
      return size
    }
  }
}
