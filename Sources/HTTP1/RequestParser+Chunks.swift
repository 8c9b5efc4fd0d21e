/// Chunked bodies.
///
///     chunked-body = *chunk last-chunk trailer-section CRLF
///     chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
///     chunk-size   = 1*HEXDIG
///
/// - Source: RFC 9112 section 7.1.
extension RequestParser {
  mutating func readChunkLine(_ bytes: Span<UInt8>, _ position: inout Int) throws(Refusal) -> Event? {
    switch try lines.take(bytes, &position, lineBytesMax: limits.chunkLineBytesMax) {
    case .needMore: return .needMore
    case .tooLong: throw .chunkExtensionTooLong
    case .line(let range):
      let line = try ChunkLine(lines.bytes[range])
      lines.release()
      chunkExtensionBytes &+= line.extensionBytes
      guard chunkExtensionBytes <= limits.chunkExtensionBytesMax else { throw .chunkExtensionTooLong }
      guard line.size <= bodyBytesMax - bodyBytes else { throw .bodyTooLarge }
      state = line.size == 0 ? .trailers : .chunkData(remaining: line.size)
      return nil
    }
  }

  mutating func readChunkData(_ bytes: Span<UInt8>, _ position: inout Int, _ remaining: Int) -> Event? {
    let taken = min(remaining, bytes.count &- position)
    guard taken > 0 else { return .needMore }
    let range = position..<(position &+ taken)
    position &+= taken
    bodyBytes &+= taken
    state = taken == remaining ? .chunkEnd : .chunkData(remaining: remaining &- taken)
    return .body(range)
  }

  mutating func readChunkEnd(_ bytes: Span<UInt8>, _ position: inout Int) throws(Refusal) -> Event? {
    switch try lines.take(bytes, &position, lineBytesMax: 0) {
    case .needMore: return .needMore
    case .tooLong: throw .chunkEnd
    case .line:
      lines.release()
      state = .chunkLine
      return nil
    }
  }

  mutating func readTrailerLine(_ bytes: Span<UInt8>, _ position: inout Int) throws(Refusal) -> Event? {
    switch try lines.take(bytes, &position, sectionBytesMax: limits.trailerBytesMax) {
    case .needMore: return .needMore
    case .tooLong: throw .trailerTooLarge
    case .line(let range) where range.isEmpty:
      state = .complete
      return nil
    case .line(let range):
      try ChunkLine.checkTrailer(try HeadDraft.field(line: range, in: lines.bytes), in: lines.bytes)
      return nil
    }
  }
}

/// The line before a chunk's data, checked.
struct ChunkLine {
  var size: Int
  var extensionBytes: Int

  init(_ line: ArraySlice<UInt8>) throws(Refusal) {
    var size: UInt64 = 0
    var index = line.startIndex
    while index < line.endIndex, let digit = Byte.hexValue(line[index]) {
      guard index &- line.startIndex < RequestLimits.chunkSizeDigitsMax else { throw .chunkSize }
      size = size << 4 | UInt64(digit)
      index &+= 1
    }
    guard index > line.startIndex, let size = Int(exactly: size) else { throw .chunkSize }
    try ChunkLine.checkExtensions(line[index...])
    self.size = size
    self.extensionBytes = line.endIndex &- index
  }

  /// `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`; read and ignored.
  private static func checkExtensions(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
    var rest = bytes
    while !rest.isEmpty {
      let start = Byte.trimmedStart(rest)
      guard start.first == Byte.semicolon else {
        throw rest.startIndex == bytes.startIndex ? .chunkSize : .chunkExtension
      }
      rest = Byte.trimmedStart(start.dropFirst())
      rest = try token(rest)
      let afterName = Byte.trimmedStart(rest)
      guard afterName.first == Byte.equals else { continue }
      let value = Byte.trimmedStart(afterName.dropFirst())
      rest = value.first == Byte.quote ? try quotedString(value.dropFirst()) : try token(value)
    }
  }

  private static func token(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> ArraySlice<UInt8> {
    let rest = bytes.drop { ByteSet.token.contains($0) }
    guard rest.count < bytes.count else { throw .chunkExtension }
    return rest
  }

  /// What follows a quoted string whose opening quote is gone.
  private static func quotedString(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> ArraySlice<UInt8> {
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == Byte.quote { return rest }
      if byte == Byte.backslash, rest.popFirst() == nil { break }
    }
    throw .chunkExtension
  }

  /// A trailer field is dropped, but one that would frame, route or authorise is an attack.
  ///
  /// - Source: RFC 9110 section 6.5.1.
  static func checkTrailer(_ field: HeaderFields.Field, in bytes: [UInt8]) throws(Refusal) {
    for name in forbiddenTrailers where Byte.equalIgnoringCase(bytes[field.name], name.utf8) { throw .trailerField }
  }

  private static let forbiddenTrailers = [
    "authorization", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect", "host",
    "te", "trailer", "transfer-encoding", "upgrade",
  ]
}
