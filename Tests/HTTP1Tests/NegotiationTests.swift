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

  @Test(
    "Accept chooses by quality, the most specific range first",
    arguments: [
      ([], "application/json"), (["*/*"], "application/json"), (["text/*"], "text/plain"),
      (["text/plain, application/json;q=0.9"], "text/plain"), (["application/json;q=0, */*"], "text/plain"),
      (["text/plain;q=0.5", "application/*;q=0.6"], "application/json"), (["image/png"], nil),
      (["*/*;q=2"], nil), (["application/json;q=0.001"], "application/json"),
    ] as [([String], String?)])
  func accept(_ values: [String], _ chosen: String?) {
    #expect(Accept.choose(among: [.json, MediaType("text", "plain")], accept: values)?.description == chosen)
  }

  @Test("entity tags compare weakly for reading, strongly for changing")
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
    #expect(EntityTag.mayChange(strong, ifMatch: []))
    #expect(EntityTag.mayChange(strong, ifMatch: ["\"v1\""]))
    #expect(!EntityTag.mayChange(weak, ifMatch: ["W/\"v1\""]))
    #expect(!EntityTag.mayChange(nil, ifMatch: ["*"]))
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
