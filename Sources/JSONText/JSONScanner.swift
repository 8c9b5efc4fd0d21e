/// Walks over values without making them; recursion ends at ``JSONLimits/depthMax``.
struct JSONScanner {
  struct Member {
    let name: JSONLexer.StringToken
    let value: JSONSlice
  }

  private var lexer: JSONLexer

  init(_ range: Range<Int>, limits: JSONLimits) {
    lexer = JSONLexer(range, limits: limits)
  }

  /// Takes the opening brace of the top object.
  mutating func openObject(_ bytes: Span<UInt8>) throws(JSONError) {
    lexer.skipSpace(bytes)
    guard lexer.index < lexer.end else { throw lexer.failure(.empty) }
    guard lexer.take(UInt8(ascii: "{"), bytes) else { throw lexer.failure(.notObject) }
  }

  /// Checks that nothing but space is left.
  mutating func end(_ bytes: Span<UInt8>) throws(JSONError) {
    lexer.skipSpace(bytes)
    guard lexer.index == lexer.end else { throw lexer.failure(.trailingBytes) }
  }

  /// Takes the next member of an open object, or its closing brace.
  mutating func nextMember(
    _ bytes: Span<UInt8>, isFirst: Bool, depth: Int
  ) throws(JSONError) -> Member? {
    guard try continues(to: UInt8(ascii: "}"), isFirst: isFirst, bytes) else { return nil }
    let name = try lexer.string(bytes)
    lexer.skipSpace(bytes)
    guard lexer.take(UInt8(ascii: ":"), bytes) else { throw lexer.surprise() }
    lexer.skipSpace(bytes)
    return Member(name: name, value: try value(bytes, depth: depth))
  }

  /// Whether another element follows, with the comma before it taken.
  private mutating func continues(
    to close: UInt8, isFirst: Bool, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Bool {
    lexer.skipSpace(bytes)
    if lexer.take(close, bytes) { return false }
    if isFirst { return true }
    guard lexer.take(UInt8(ascii: ","), bytes) else { throw lexer.surprise() }
    lexer.skipSpace(bytes)
    if lexer.peek(bytes) == close { throw lexer.failure(.trailingComma) }
    return true
  }

  private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONSlice {
    let start = lexer.index
    switch try lexer.upcoming(bytes) {
    case UInt8(ascii: "\""):
      let token = try lexer.string(bytes)
      return JSONSlice(.string, token.range, escaped: token.escaped)
    case UInt8(ascii: "{"): return try object(bytes, depth: depth + 1)
    case UInt8(ascii: "["): return try array(bytes, depth: depth + 1)
    case UInt8(ascii: "t"):
      try lexer.word("true", bytes)
      return JSONSlice(.bool, start..<lexer.index)
    case UInt8(ascii: "f"):
      try lexer.word("false", bytes)
      return JSONSlice(.bool, start..<lexer.index)
    case UInt8(ascii: "n"):
      try lexer.word("null", bytes)
      return JSONSlice(.null, start..<lexer.index)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
    default: throw lexer.surprise()
    }
  }

  private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONSlice {
    let token = try lexer.number(bytes)
    // Making the value is the only way to know its range.
    _ = try JSONScalar.number(token, bytes)
    return JSONSlice(token.isInteger ? .integer : .number, token.range)
  }

  private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONSlice {
    guard depth <= lexer.limits.depthMax else { throw lexer.failure(.tooDeep) }
    let start = lexer.index
    lexer.advance()
    var isFirst = true
    while try nextMember(bytes, isFirst: isFirst, depth: depth) != nil { isFirst = false }
    return JSONSlice(.object, start..<lexer.index)
  }

  private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONSlice {
    guard depth <= lexer.limits.depthMax else { throw lexer.failure(.tooDeep) }
    let start = lexer.index
    lexer.advance()
    var isFirst = true
    while try continues(to: UInt8(ascii: "]"), isFirst: isFirst, bytes) {
      isFirst = false
      _ = try value(bytes, depth: depth)
    }
    return JSONSlice(.array, start..<lexer.index)
  }
}
