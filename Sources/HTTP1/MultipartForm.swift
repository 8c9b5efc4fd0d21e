import Glibc

/// The parts of a form body, each a range of its bytes: nothing is copied.
///
/// - Shape: `--b CRLF Content-Disposition: form-data; name="file"; filename="a.png" CRLF CRLF <bytes> CRLF --b-- CRLF`.
/// - Limits: ``partsMax``, ``headerBytesMax``, ``boundaryBytesMax``.
/// - Source: RFC 7578, RFC 2046 section 5.1; strict: no preamble, no padding after a boundary, and nothing after the
///   last one but line ends.
public struct MultipartForm: Sendable, Equatable {
  /// One field of the form.
  public struct Part: Sendable, Equatable {
    /// The field's name.
    public let name: String
    /// What the client calls the file, as it is written.
    public let fileName: String?
    /// Where its bytes stand in the body.
    public let range: Range<Int>
  }

  /// Why a body is no form.
  public enum Failure: String, Error, Sendable, CaseIterable {
    /// The boundary is empty, too long, or has bytes that none may have.
    case boundary
    /// The body does not begin with the boundary, or does not end with it.
    case unfinished
    /// A part's header is malformed, too long, or names no field.
    case header
    /// There are more parts than ``MultipartForm/partsMax``.
    case tooManyParts
  }

  /// Parts of one form: a file and a few fields.
  public static let partsMax = 16
  /// Bytes of one part's header: a long name in percent-encoding, and room.
  public static let headerBytesMax = 4_096
  /// Bytes of a boundary (RFC 2046 section 5.1.1).
  public static let boundaryBytesMax = 70

  /// In the order of the body.
  public let parts: [Part]

  /// Reads a body.
  public init(parsing body: [UInt8], boundary: String) throws(Failure) {
    guard (1...MultipartForm.boundaryBytesMax).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy({ $0 >= Byte.space && $0 < Byte.delete }), !boundary.hasSuffix(" ")
    else { throw .boundary }
    let delimiter = Array("\r\n--\(boundary)".utf8)
    guard body.starts(with: delimiter[2...]) else { throw .unfinished }
    var position = delimiter.count - 2
    var parts: [Part] = []
    while !body[position...].starts(with: "--".utf8) {
      guard body[position...].starts(with: "\r\n".utf8) else { throw .unfinished }
      guard parts.count < MultipartForm.partsMax else { throw .tooManyParts }
      guard let end = MultipartForm.find(delimiter, in: body, from: position) else { throw .unfinished }
      parts.append(try MultipartForm.part(body, position..<end))
      position = end + delimiter.count
    }
    guard body[(position + 2)...].allSatisfy({ $0 == Byte.carriageReturn || $0 == Byte.lineFeed }) else {
      throw .unfinished
    }
    self.parts = parts
  }

  /// From the line end after the boundary to the one before the next.
  private static func part(_ body: [UInt8], _ range: Range<Int>) throws(Failure) -> Part {
    let window = range.lowerBound..<min(range.upperBound, range.lowerBound + headerBytesMax)
    guard let end = find(Array("\r\n\r\n".utf8), in: body, from: window.lowerBound), end + 4 <= range.upperBound,
      end < window.upperBound
    else { throw .header }
    var disposition: String?
    for ended in body[(range.lowerBound + 2)..<max(end, range.lowerBound + 2)].split(separator: Byte.lineFeed) {
      let line = ended.last == Byte.carriageReturn ? ended.dropLast() : ended
      guard let text = String(validating: line, as: UTF8.self), let colon = text.firstIndex(of: ":"),
        FieldList.isToken(text[..<colon])
      else { throw .header }
      guard text[..<colon].lowercased() == "content-disposition" else { continue }
      guard disposition == nil else { throw .header }
      disposition = String(text[text.index(after: colon)...])
    }
    let terms = FieldList.split(disposition ?? "", at: Byte.semicolon)
    guard terms.first?.lowercased() == "form-data" else { throw .header }
    var values: [String: String] = [:]
    for term in terms.dropFirst() {
      guard let (name, value) = FieldList.parameter(term), values.updateValue(value, forKey: name) == nil else {
        throw .header
      }
    }
    guard let name = values["name"] else { throw .header }
    return Part(
      name: name, fileName: extended(values["filename*"]) ?? values["filename"], range: (end + 4)..<range.upperBound)
  }

  /// `UTF-8''percent-encoded` (RFC 8187); what is written otherwise says nothing.
  private static func extended(_ value: String?) -> String? {
    guard let value, value.lowercased().hasPrefix("utf-8'") else { return nil }
    let parts = value.split(separator: "'", omittingEmptySubsequences: false)
    return parts.count == 3 ? PercentCoding.decode(String(parts[2])) : nil
  }

  private static func find(_ wanted: [UInt8], in body: [UInt8], from start: Int) -> Int? {
    guard let first = wanted.first, body.count >= wanted.count else { return nil }
    return body.withUnsafeBytes { body in
      var position = start
      let last = body.count - wanted.count
      while position <= last, let base = body.baseAddress,
        let found = memchr(base + position, CInt(first), last - position + 1)
      {
        position = UnsafeRawPointer(found) - base
        if body[position..<(position + wanted.count)].elementsEqual(wanted) { return position }
        position += 1
      }
      return nil
    }
  }
}
