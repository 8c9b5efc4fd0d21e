extension JSONError {
  /// Names the member that cannot be read; nil when it is the text as a whole that is wrong.
  ///
  /// The text is walked a second time, up to ``offset``; it was good until there.
  ///
  /// - Parameter bytes: the text that was refused.
  public func fault(in bytes: Span<UInt8>) -> Fault? {
    guard let code = reason.faultCode else { return nil }
    var walk = PlaceWalk()
    walk.go(bytes, to: min(offset, bytes.count))
    if reason == .duplicateName, let name = PlaceWalk.name(at: offset, bytes) { walk.enter(name) }
    let place = walk.place
    return Fault(pointer: place.pointer, code: code, detail: "\(place.title) cannot be read: \(reason.rawValue)")
  }
}

extension JSONError.Reason {
  /// What is wrong with the member, where the rest of the text may be in order.
  fileprivate var faultCode: Fault.Code? {
    switch self {
    case .notUTF8, .controlCharacter, .nulCharacter, .badEscape, .loneSurrogate, .badNumber, .escapedName:
      .invalidFormat
    case .numberOutOfRange: .outOfRange
    case .numberTooLong: .tooLong
    case .tooManyMembers: .tooMany
    case .duplicateName: .repeated
    case .tooDeep: .notAllowed
    case .empty, .tooLarge, .byteOrderMark, .unexpectedByte, .unexpectedEnd, .trailingBytes, .trailingComma,
      .notObject:
      nil
    }
  }
}

/// A walk over a text that is good as far as it goes; it knows in which member it stands.
private struct PlaceWalk {
  private enum Level {
    /// The member whose value is read; nil before the first.
    case object(String?, awaitsName: Bool)
    case array(Int)
  }

  private var levels: [Level] = []
  private var index = 0

  mutating func go(_ bytes: Span<UInt8>, to end: Int) {
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "{"): levels.append(.object(nil, awaitsName: true))
      case UInt8(ascii: "["): levels.append(.array(0))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
      case UInt8(ascii: ","): next()
      case UInt8(ascii: "\""):
        string(bytes, to: end)
        continue
      default: break
      }
      index += 1
    }
  }

  /// The member of that name is the one that is meant.
  mutating func enter(_ name: String) {
    guard case .object = levels.popLast() else { return }
    levels.append(.object(name, awaitsName: false))
  }

  var place: Place {
    levels.reduce(.top) { place, level in
      switch level {
      case .object(let name, _): name.map(place.member) ?? place
      case .array(let number): place.element(number)
      }
    }
  }

  /// The name that begins there, or just before.
  static func name(at offset: Int, _ bytes: Span<UInt8>) -> String? {
    guard offset < bytes.count else { return nil }
    let start = bytes[offset] == UInt8(ascii: "\"") ? offset + 1 : offset
    return end(ofString: start, bytes, bytes.count).map { text(start..<$0, bytes) }
  }

  private mutating func next() {
    switch levels.popLast() {
    case .object: levels.append(.object(nil, awaitsName: true))
    case .array(let number): levels.append(.array(number + 1))
    case nil: break
    }
  }

  private mutating func string(_ bytes: Span<UInt8>, to end: Int) {
    let start = index + 1
    guard let close = PlaceWalk.end(ofString: start, bytes, end) else {
      index = end
      return
    }
    if case .object(_, awaitsName: true) = levels.last { enter(PlaceWalk.text(start..<close, bytes)) }
    index = close + 1
  }

  private static func end(ofString start: Int, _ bytes: Span<UInt8>, _ end: Int) -> Int? {
    var place = start
    while place < end {
      switch bytes[place] {
      case UInt8(ascii: "\""): return place
      case UInt8(ascii: "\\"): place += 2
      default: place += 1
      }
    }
    return nil
  }

  private static func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
    // A name that is longer than what is told of it need not be copied whole.
    let range = range.prefix(1_024)
    var raw: [UInt8] = []
    for place in range { raw.append(bytes[place]) }
    return (try? JSONValue(parsing: [UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")]))?.string
      ?? String(decoding: raw, as: UTF8.self)
  }
}
