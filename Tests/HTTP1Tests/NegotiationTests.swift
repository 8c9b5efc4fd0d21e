import HTTP1
import Testing

@Suite("Paths and queries are decoded strictly")
struct PercentCodingTests {
  @Test(
    "decodes and encodes",
    arguments: [
      ("a%20b", "a b"), ("%E2%82%AC", "€"), ("plain-._~", "plain-._~"), ("%2F", "/"), ("%F0%9F%A6%9C", "🦜"), ("", ""),
    ])
  func bothWays(_ encoded: String, _ decoded: String) {
    #expect(PercentCoding.decode(encoded) == decoded)
    #expect(PercentCoding.encode(decoded) == encoded)
  }

  @Test("refuses", arguments: ["%", "%a", "%zz", "%00", "%c0%af", "%ff", "%ed%a0%80", "a%2"])
  func refuses(_ text: String) {
    #expect(PercentCoding.decode(text) == nil)
  }

  @Test("path segments are decoded one by one, and never walk up")
  func segments() {
    #expect(RequestHead(method: .get, target: "/a/b%20c/").pathSegments == ["a", "b c", ""])
    #expect(RequestHead(method: .get, target: "/a%2Fb").pathSegments == ["a/b"])
    for target in ["/..", "/a/../b", "/%2e%2e/b", "/.", "/%zz", "/a%0Ab", "*"] {
      #expect(RequestHead(method: .get, target: target).pathSegments == nil, "\(target)")
    }
    #expect(RequestHead(method: .get, target: "/%252e").pathSegments == ["%2e"])
  }

  @Test("a query keeps order and repetition")
  func query() throws {
    let query = try Query("a=1&b=x+y%2B&a=2&c&d=&=e&&f=g=h")
    #expect(query.names == ["a", "b", "a", "c", "d", "", "f"])
    #expect(query["b"] == "x y+")
    #expect(query.values(for: "a") == ["1", "2"])
    #expect(query["c"] == "")
    #expect(query["f"] == "g=h")
    #expect(query["z"] == nil)
    #expect(query.repeatedName == "a")
    #expect(try Query("a=1&b=2").repeatedName == nil)
    #expect(try Query(nil).names.isEmpty)
  }

  @Test("a query has at most as many parameters as its limit")
  func queryLimit() throws {
    let full = Array(repeating: "a=1", count: Query.parametersMax).joined(separator: "&")
    #expect(try Query(full).names.count == Query.parametersMax)
    #expect(throws: Query.Failure.tooMany) { try Query(full + "&a=1") }
    #expect(throws: Query.Failure.encoding) { try Query("a=%zz") }
    #expect(throws: Query.Failure.encoding) { try Query("%c0=1") }
  }
}

@Suite("Any path and query")
struct AnyTargetTests {
  @Test("is cut and decoded as the plainest reading of it says")
  func model() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let parts = [
      "/", "/", "&", "&", "=", "=", "+", "%", "%2F", "%00", "%c3%a9", "%C3", "%2e", ".", "..", "é", "a", "7", "\u{7F}",
    ]
    var (read, refused) = (0, 0)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
        .joined()
      let segments = RequestHead(method: .get, target: "/" + text).pathSegments
      #expect(segments == Self.segments(of: text), "seed \(seed): \(text)")
      let query = try? Query(text)
      #expect(query?.names == Self.parameters(of: text)?.map(\.0), "seed \(seed): \(text)")
      for (name, _) in Self.parameters(of: text) ?? [] {
        let values = Self.parameters(of: text)?.filter { $0.0.utf8.elementsEqual(name.utf8) }.map(\.1)
        #expect(query?.values(for: name) == values, "seed \(seed): \(text)")
      }
      read += segments == nil || query == nil ? 0 : 1
      refused += segments == nil && query == nil ? 1 : 0
    }
    #expect(read > 1_000 && refused > 1_000)
  }

  private static func segments(of text: String) -> [String]? {
    let found = Array(text.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      decoded($0)
    }
    let isGood = found.allSatisfy {
      $0.map { $0 != "." && $0 != ".." && !$0.utf8.contains { $0 < 32 || $0 == 127 } } ?? false
    }
    return isGood ? found.compactMap(\.self) : nil
  }

  private static func parameters(of text: String) -> [(String, String)]? {
    let spaced = Array(text.utf8).map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
    var found: [(String, String)] = []
    for part in spaced.split(separator: UInt8(ascii: "&")) {
      let name = part.prefix { $0 != UInt8(ascii: "=") }
      guard let left = decoded(name), let right = decoded(part.dropFirst(name.count + 1)) else { return nil }
      found.append((left, right))
    }
    return found
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    var (rest, out) = (bytes, [UInt8]())
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        out.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0
      else { return nil }
      out.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: out, as: UTF8.self)
  }
}

@Suite("Media types, tags, origins")
struct NegotiationTests {
  @Test("a media type and its parameters")
  func mediaType() throws {
    let type = try #require(MediaType(parsing: "Application/JSON ; Charset=\"UTF-8\"; q=0.5"))
    #expect(type.isSameType(as: .json))
    #expect(type.charset == "utf-8")
    #expect(type["q"] == "0.5")
    #expect(type.description == "application/json; charset=UTF-8; q=0.5")
    #expect(MediaType(parsing: "multipart/form-data; boundary=\"a;b\\\"c\"")?["boundary"] == "a;b\"c")
    for text in ["", "json", "a/", "/b", "a/b/c", "a b/c", "a/b; c", "a/b; c=", "a/b; c=\"d", "a/b; =d"] {
      #expect(MediaType(parsing: text) == nil, "\(text)")
    }
  }

  @Test("entity tags compare weakly for a cached answer, strongly for a part")
  func entityTags() throws {
    let strong = EntityTag("v1")
    let weak = EntityTag("v1", isWeak: true)
    #expect(EntityTag(parsing: "\"v1\"") == strong)
    #expect(EntityTag(parsing: "W/\"v1\"") == weak)
    #expect(weak.description == "W/\"v1\"")
    for text in ["v1", "\"", "w/\"v1\"", "\"a\"b\"", "\"a b\"", ""] { #expect(EntityTag(parsing: text) == nil) }
    #expect(EntityTag.isUnchanged(strong, ifNoneMatch: ["\"v0\", W/\"v1\""]))
    #expect(EntityTag.isUnchanged(strong, ifNoneMatch: ["*"]))
    #expect(!EntityTag.isUnchanged(strong, ifNoneMatch: ["\"v2\""]))
    #expect(!EntityTag.isUnchanged(strong, ifNoneMatch: []))
    #expect(strong.matchesStrongly(EntityTag("v1")) && !strong.matchesStrongly(weak) && !weak.matchesStrongly(weak))
    #expect(EntityTag("a\"\r\nb").opaque == "ab")
  }

  @Test(
    "a socket is for listed origins, for the very host that is asked, and for who is no page",
    arguments: [
      (nil, true), ("https://good.example", true), ("http://chat.example:81", true), ("https://chat.example:81", true),
      ("http://chat.example", false), ("https://evil.example", false), ("null", false), ("", false),
    ])
  func socketOrigin(origin: String?, may: Bool) {
    let policy = CrossOriginPolicy(origins: .listed(["https://good.example"]))
    var headers: HeaderFields = ["Host": "chat.example:81"]
    if let origin { headers.append("Origin", origin) }
    #expect(policy.allowsSocket(RequestHead(method: .get, target: "/", headers: headers)) == may)
  }

  @Test("only listed origins are allowed, compared as a whole")
  func crossOrigin() {
    let policy = CrossOriginPolicy(origins: .listed(["https://good.example"]))
    #expect(policy.allows("https://good.example"))
    for origin in ["null", "http://good.example", "https://good.example.evil", "https://evil-good.example", ""] {
      #expect(!policy.allows(origin))
    }
    var response = Response(.ok)
    policy.apply(to: &response, origin: "https://good.example")
    #expect(response.headers["access-control-allow-origin"] == "https://good.example")
    #expect(response.headers["vary"] == "Origin")
    var refused = Response(.ok)
    policy.apply(to: &refused, origin: "https://evil.example")
    #expect(refused.headers == ["Vary": "Origin"])
  }

  @Test("a preflight is answered with the permissions, to a foreign origin without")
  func preflight() {
    let policy = CrossOriginPolicy(origins: .listed(["https://good.example"]))
    var head = RequestHead(
      method: .options, target: "/v1/users",
      headers: ["Origin": "https://good.example", "Access-Control-Request-Method": "PUT"])
    #expect(CrossOriginPolicy.isPreflight(head))
    let response = policy.preflightAnswer(to: head)
    #expect(response.status == .noContent)
    #expect(response.headers["access-control-allow-methods"]?.contains("PUT") == true)
    #expect(response.headers["access-control-max-age"] == "600")
    head.headers.set("Origin", "https://evil.example")
    #expect(policy.preflightAnswer(to: head).headers == ["Vary": "Origin"])
    head.headers.remove("Origin")
    #expect(!CrossOriginPolicy.isPreflight(head))
    #expect(CrossOriginPolicy(origins: .any).preflightAnswer(to: head).headers.isEmpty)
  }
}
