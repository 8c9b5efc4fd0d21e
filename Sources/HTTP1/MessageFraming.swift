/// What the header says of the message itself: host, length, coding, persistence, expectation.
///
/// Each field is looked at once, while the header is read; ``conclude(in:version:method:authority:)`` then decides.
/// A message whose length two readers could take differently is refused: that is what smuggling lives on.
///
/// - Source: RFC 9112 sections 3.2, 6, 9.3, 11.2; RFC 9110 sections 8.6 and 10.1.1.
struct MessageFraming {
  private var host: Range<Int>?
  private var contentLength: Int?
  private var isChunked = false
  private var hasTransferEncoding = false
  private var saysClose = false
  private var saysKeepAlive = false
  private var expectsContinue = false

  struct Conclusion {
    var bodyLength: BodyLength
    var keepAlive: Bool
    var expectsContinue: Bool
  }

  mutating func note(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) throws(Refusal) {
    switch name.count {
    case 4 where Byte.equalIgnoringCase(name, "host".utf8): try noteHost(value)
    case 6 where Byte.equalIgnoringCase(name, "expect".utf8): try noteExpect(value)
    case 10 where Byte.equalIgnoringCase(name, "connection".utf8): noteConnection(value)
    case 14 where MessageFraming.resembles(name, "content-length".utf8): try noteContentLength(name, value)
    case 17 where MessageFraming.resembles(name, "transfer-encoding".utf8): try noteTransferEncoding(name, value)
    default: break
    }
  }

  func conclude(
    in bytes: [UInt8], version: Version, method: Range<Int>, authority: Range<Int>?
  ) throws(Refusal) -> Conclusion {
    if host == nil && version == .http11 { throw .hostMissing }
    if let host, let authority, !Byte.equalIgnoringCase(bytes[host], bytes[authority]) { throw .hostMismatch }
    if hasTransferEncoding && contentLength != nil { throw .lengthAndEncoding }
    if hasTransferEncoding && version == .http10 { throw .transferEncodingVersion }
    var length = BodyLength.none
    if isChunked { length = .chunked } else if let bytes = contentLength, bytes > 0 { length = .fixed(bytes) }
    if Byte.equal(bytes[method], "TRACE") { throw length == .none ? .methodNotServed : .traceBody }
    let keepAlive = !saysClose && (version == .http11 || saysKeepAlive)
    return Conclusion(
      bodyLength: length, keepAlive: keepAlive,
      expectsContinue: expectsContinue && version == .http11 && length != .none)
  }

  /// True for the name and for its spelling with underscores, which some readers behind us take for the same.
  static func resembles(_ name: ArraySlice<UInt8>, _ expected: String.UTF8View) -> Bool {
    for (a, b) in zip(name, expected) {
      let letter = a == UInt8(ascii: "_") ? UInt8(ascii: "-") : Byte.lowered(a)
      if letter != b { return false }
    }
    return true
  }

  private mutating func noteHost(_ value: ArraySlice<UInt8>) throws(Refusal) {
    if host != nil { throw .hostTwice }
    guard Host.isValid(value) else { throw .host }
    host = value.indices
  }

  private mutating func noteExpect(_ value: ArraySlice<UInt8>) throws(Refusal) {
    guard Byte.equalIgnoringCase(value, "100-continue".utf8) else { throw .expectation }
    expectsContinue = true
  }

  private mutating func noteConnection(_ value: ArraySlice<UInt8>) {
    for item in value.split(separator: Byte.comma) {
      let option = Byte.trimmed(item)
      if Byte.equalIgnoringCase(option, "close".utf8) { saysClose = true }
      if Byte.equalIgnoringCase(option, "keep-alive".utf8) { saysKeepAlive = true }
    }
  }

  private mutating func noteContentLength(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(Refusal) {
    if name.contains(UInt8(ascii: "_")) { throw .headerLookalike }
    if contentLength != nil { throw .contentLengthTwice }
    // A leading zero is a number to us and octal to somebody else, so it is not taken.
    guard let first = value.first, value.count <= 18, value.count == 1 || first != Byte.zero else {
      throw .contentLength
    }
    var length = 0
    for byte in value {
      guard Byte.isDigit(byte) else { throw .contentLength }
      length = length &* 10 &+ Int(byte &- Byte.zero)
    }
    contentLength = length
  }

  private mutating func noteTransferEncoding(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(Refusal) {
    if name.contains(UInt8(ascii: "_")) { throw .headerLookalike }
    if hasTransferEncoding { throw .transferEncoding }
    hasTransferEncoding = true
    let codings = value.split(separator: Byte.comma, omittingEmptySubsequences: false).map(Byte.trimmed)
    guard let last = codings.last, Byte.equalIgnoringCase(last, "chunked".utf8) else { throw .transferEncoding }
    isChunked = true
    if codings.count == 1 { return }
    for coding in codings.dropLast() {
      let isToken = !coding.isEmpty && ByteSet.token.containsAll(coding)
      if !isToken || Byte.equalIgnoringCase(coding, "chunked".utf8) { throw .transferEncoding }
    }
    throw .transferCoding
  }
}
