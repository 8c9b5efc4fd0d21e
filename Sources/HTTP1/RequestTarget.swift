/// The request target's forms, checked and cut into path and query.
///
/// - Shape: `/path?query` (origin-form), `http://host/path?query` (absolute-form), `*` (asterisk-form, OPTIONS only).
///   Authority-form belongs to CONNECT, which is not served.
/// - Source: RFC 9112 section 3.2.
struct RequestTarget {
  // Ranges and not slices: a slice would hold the line buffer and make its next append a copy.
  var path: Range<Int>
  var query: Range<Int>?
  /// The authority of an absolute-form target; it must be that of Host.
  var authority: Range<Int>?

  init(_ target: ArraySlice<UInt8>, method: ArraySlice<UInt8>) throws(Refusal) {
    if Byte.equal(target, "*") {
      guard Byte.equal(method, "OPTIONS") else { throw .targetForm }
      self.init(path: target.indices, query: nil, authority: nil)
      return
    }
    if target.first == Byte.slash {
      try self.init(pathAndQuery: target, authority: nil)
      return
    }
    guard let rest = RequestTarget.afterScheme(target) else { throw .targetForm }
    let end = rest.firstIndex { $0 == Byte.slash || $0 == Byte.question } ?? rest.endIndex
    let authority = rest[..<end]
    guard Host.isValid(authority) else { throw .target }
    try self.init(pathAndQuery: rest[end...], authority: authority.indices)
  }

  private init(path: Range<Int>, query: Range<Int>?, authority: Range<Int>?) {
    self.path = path
    self.query = query
    self.authority = authority
  }

  private init(pathAndQuery: ArraySlice<UInt8>, authority: Range<Int>?) throws(Refusal) {
    let mark = pathAndQuery.firstIndex(of: Byte.question)
    let path = pathAndQuery[..<(mark ?? pathAndQuery.endIndex)]
    try RequestTarget.check(path, .path, refusingControls: true)
    var query: Range<Int>?
    if let mark {
      let rest = pathAndQuery[(mark &+ 1)...]
      try RequestTarget.check(rest, .query, refusingControls: false)
      query = rest.indices
    }
    self.init(path: path.indices, query: query, authority: authority)
  }

  private static func afterScheme(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    for scheme in ["http://", "https://"] where Byte.equalIgnoringCase(target.prefix(scheme.utf8.count), scheme.utf8) {
      return target.dropFirst(scheme.utf8.count)
    }
    return nil
  }

  /// Every byte is of the class, every `%` has its two digits, NUL is not written as `%00`; a path has no control at
  /// all.
  private static func check(
    _ bytes: ArraySlice<UInt8>, _ allowed: ByteSet, refusingControls: Bool
  ) throws(Refusal) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      guard allowed.contains(byte) else { throw .target }
      index &+= 1
      guard byte == Byte.percent else { continue }
      guard index &+ 1 < bytes.endIndex, let high = Byte.hexValue(bytes[index]),
        let low = Byte.hexValue(bytes[index &+ 1])
      else { throw .target }
      let value = high << 4 | low
      if value == 0 || (refusingControls && (value < Byte.space || value == Byte.delete)) { throw .target }
      index &+= 2
    }
  }
}

/// The value of Host: a name or an address and perhaps a port.
enum Host {
  /// - Source: RFC 9110 section 7.2; the registered name is narrowed to what names consist of.
  static func isValid(_ value: ArraySlice<UInt8>) -> Bool {
    guard let first = value.first else { return false }
    if first == UInt8(ascii: "[") {
      guard let end = value.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let address = value[(value.startIndex &+ 1)..<end]
      guard address.count >= 2, ByteSet.ipv6.containsAll(address) else { return false }
      return isPort(value[(end &+ 1)...])
    }
    let end = value.firstIndex(of: Byte.colon) ?? value.endIndex
    let name = value[..<end]
    return !name.isEmpty && ByteSet.hostName.containsAll(name) && isPort(value[end...])
  }

  /// Nothing, or a colon and at most five digits up to 65535.
  private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    guard first == Byte.colon, bytes.count <= 6 else { return false }
    var port = 0
    for byte in bytes.dropFirst() {
      guard Byte.isDigit(byte) else { return false }
      port = port * 10 + Int(byte &- Byte.zero)
    }
    return port <= 65535
  }
}
