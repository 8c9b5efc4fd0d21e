/// Makes values of tokens; recursion ends at ``JSONLimits/depthMax``.
struct JSONParser {
  private var lexer: JSONLexer

  init(_ range: Range<Int>, limits: JSONLimits) {
    lexer = JSONLexer(range, limits: limits)
  }

  /// Reads one value with nothing but space around it.
  mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    lexer.skipSpace(bytes)
    guard lexer.index < lexer.end else { throw lexer.failure(.empty) }
    let value = try value(bytes, depth: 0)
    lexer.skipSpace(bytes)
    guard lexer.index == lexer.end else { throw lexer.failure(.trailingBytes) }
    return value
  }

  private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
    switch try lexer.upcoming(bytes) {
    case UInt8(ascii: "{"): return .object(try object(bytes, depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(bytes, depth: depth + 1))
    case UInt8(ascii: "\""): return .string(JSONScalar.text(try lexer.string(bytes), bytes))
    case UInt8(ascii: "t"):
      try lexer.word("true", bytes)
      return .bool(true)
    case UInt8(ascii: "f"):
      try lexer.word("false", bytes)
      return .bool(false)
    case UInt8(ascii: "n"):
      try lexer.word("null", bytes)
      return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return try JSONScalar.number(try lexer.number(bytes), bytes)
    default: throw lexer.surprise()
    }
  }

  private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> [JSONValue] {
    guard depth <= lexer.limits.depthMax else { throw lexer.failure(.tooDeep) }
    lexer.advance()
    lexer.skipSpace(bytes)
    var elements: [JSONValue] = []
    if lexer.take(UInt8(ascii: "]"), bytes) { return elements }
    while true {
      elements.append(try value(bytes, depth: depth))
      lexer.skipSpace(bytes)
      if lexer.take(UInt8(ascii: "]"), bytes) { return elements }
      try comma(before: UInt8(ascii: "]"), bytes)
    }
  }

  private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONObject {
    guard depth <= lexer.limits.depthMax else { throw lexer.failure(.tooDeep) }
    lexer.advance()
    lexer.skipSpace(bytes)
    var members = JSONObject()
    if lexer.take(UInt8(ascii: "}"), bytes) { return members }
    while true {
      let start = lexer.index
      let name = JSONScalar.text(try lexer.string(bytes), bytes)
      lexer.skipSpace(bytes)
      guard lexer.take(UInt8(ascii: ":"), bytes) else { throw lexer.surprise() }
      lexer.skipSpace(bytes)
      let value = try value(bytes, depth: depth)
      guard members.insert(name, value) else { throw JSONError(reason: .duplicateName, offset: start) }
      lexer.skipSpace(bytes)
      if lexer.take(UInt8(ascii: "}"), bytes) { return members }
      try comma(before: UInt8(ascii: "}"), bytes)
    }
  }

  private mutating func comma(before close: UInt8, _ bytes: Span<UInt8>) throws(JSONError) {
    guard lexer.take(UInt8(ascii: ","), bytes) else { throw lexer.surprise() }
    lexer.skipSpace(bytes)
    if lexer.peek(bytes) == close { throw lexer.failure(.trailingComma) }
  }
}
