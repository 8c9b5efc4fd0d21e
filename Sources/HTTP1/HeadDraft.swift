/// A request's head while its lines come in.
struct HeadDraft {
  private let method: Range<Int>
  private let target: Range<Int>
  private let parts: RequestTarget
  private let version: Version
  private var framing = MessageFraming()
  private var fields: [HeaderFields.Field] = []

  /// `request-line = method SP request-target SP HTTP-version`, nothing more and nothing less.
  init(line: ArraySlice<UInt8>) throws(Refusal) {
    guard let first = line.firstIndex(of: Byte.space) else {
      throw line.count > RequestLimits.methodBytesMax && ByteSet.token.containsAll(line) ? .methodTooLong : .requestLine
    }
    let method = line[..<first]
    guard !method.isEmpty, ByteSet.token.containsAll(method) else { throw .method }
    guard method.count <= RequestLimits.methodBytesMax else { throw .methodTooLong }
    let rest = line[(first &+ 1)...]
    guard let second = rest.firstIndex(of: Byte.space) else { throw .requestLine }
    let target = rest[..<second]
    guard !target.isEmpty else { throw .requestLine }
    version = try HeadDraft.version(rest[(second &+ 1)...])
    if Byte.equal(method, "CONNECT") { throw .methodNotServed }
    parts = try RequestTarget(target, method: method)
    self.method = method.indices
    self.target = target.indices
  }

  private static func version(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> Version {
    if Byte.equal(bytes, "HTTP/1.1") { return .http11 }
    if Byte.equal(bytes, "HTTP/1.0") { return .http10 }
    let start = bytes.startIndex
    guard bytes.count == 8, bytes.prefix(5).elementsEqual("HTTP/".utf8), Byte.isDigit(bytes[start &+ 5]),
      bytes[start &+ 6] == UInt8(ascii: "."), Byte.isDigit(bytes[start &+ 7])
    else { throw .version }
    throw .versionNotSupported
  }

  /// `field-line = field-name ":" OWS field-value OWS`.
  static func field(line: Range<Int>, in bytes: [UInt8]) throws(Refusal) -> HeaderFields.Field {
    let text = bytes[line]
    if text.first == Byte.space || text.first == Byte.tab { throw .folded }
    guard let colon = text.firstIndex(of: Byte.colon) else { throw .headerLine }
    let name = text[..<colon]
    guard !name.isEmpty, ByteSet.token.containsAll(name) else { throw .headerName }
    return HeaderFields.Field(name: name.indices, value: Byte.trimmed(text[(colon &+ 1)...]).indices)
  }

  mutating func addField(line: Range<Int>, in bytes: [UInt8], fieldsMax: Int) throws(Refusal) {
    let field = try HeadDraft.field(line: line, in: bytes)
    guard fields.count < fieldsMax else { throw .headerTooMany }
    try framing.note(name: bytes[field.name], value: bytes[field.value])
    if fields.isEmpty { fields.reserveCapacity(16) }
    fields.append(field)
  }

  func conclude(in bytes: [UInt8]) throws(Refusal) -> RequestHead {
    let conclusion = try framing.conclude(
      in: bytes, version: version, method: method, authority: parts.authority)
    // Only an absolute target may have no path.
    let path = parts.path.isEmpty ? "/" : String(decoding: bytes[parts.path], as: UTF8.self)
    return RequestHead(
      method: Method(rawValue: String(decoding: bytes[method], as: UTF8.self)),
      target: String(decoding: bytes[target], as: UTF8.self), path: path,
      query: parts.query.map { String(decoding: bytes[$0], as: UTF8.self) }, version: version,
      headers: HeaderFields(bytes: bytes, fields: fields), keepAlive: conclusion.keepAlive,
      bodyLength: conclusion.bodyLength, expectsContinue: conclusion.expectsContinue)
  }
}
