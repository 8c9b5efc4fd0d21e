import HTTP1
import Testing

@Suite("Answers are framed once and cannot be broken from outside")
struct ResponseTests {
  func written(
    _ response: Response, to method: Method = .get, keepAlive: Bool = true, version: Version = .http11
  ) -> String {
    var out = bytes("before ")
    response.write(into: &out, answering: method, keepAlive: keepAlive, version: version, date: bytes("now"))
    return String(String(decoding: out, as: UTF8.self).dropFirst("before ".count))
  }

  @Test("a body has its length")
  func body() {
    let response = Response(.ok, headers: ["X-A": "1"], body: bytes("hello"))
    #expect(written(response) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello")
  }

  @Test("HEAD gets the header of GET and no body")
  func head() {
    let response = Response(.ok, body: bytes("hello"))
    #expect(written(response, to: .head) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\n")
  }

  @Test("204 and 304 have neither body nor length", arguments: [Status.noContent, .notModified])
  func noBody(_ status: Status) {
    #expect(written(Response(status, body: bytes("x"))) == "HTTP/1.1 \(status)\r\nDate: now\r\n\r\n")
  }

  @Test("an answer that closes says so, and one to a client that closes too")
  func close() {
    var response = Response(.ok)
    #expect(written(response, keepAlive: false).contains("Connection: close\r\n"))
    response.closesConnection = true
    #expect(written(response).contains("Connection: close\r\n"))
    #expect(written(Response(.ok), version: .http10).contains("Connection: keep-alive\r\n"))
  }

  @Test("fields that frame the message are the serializer's alone")
  func framing() {
    let headers: HeaderFields = [
      "content-length": "99", "Transfer-Encoding": "chunked", "Connection": "x", "Date": "then", "X": "kept",
    ]
    #expect(
      written(Response(.ok, headers: headers, body: bytes("a")))
        == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 1\r\nX: kept\r\n\r\na")
  }

  @Test("101 keeps its Connection field")
  func switching() {
    let response = Response(.switchingProtocols, headers: ["Connection": "Upgrade", "Upgrade": "websocket"])
    #expect(
      written(response)
        == "HTTP/1.1 101 Switching Protocols\r\nDate: now\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
  }

  @Test("a line end in a value becomes blanks, a name that is no token is not sent")
  func injection() {
    var headers = HeaderFields()
    headers.append("Location", "/a\r\nSet-Cookie: x\0")
    let taken = headers.append("X\r\nY", "1")
    #expect(!taken)
    let takenWithoutName = headers.append("", "1")
    #expect(!takenWithoutName)
    #expect(headers.count == 1)
    #expect(headers["location"] == "/a  Set-Cookie: x ")
  }

  @Test("a refusal closes and names no input")
  func refusal() throws {
    let outcome = drive([bytes("GET /\u{1}secret HTTP/1.1\r\n\r\n")])
    guard case .refused(let refusal) = outcome.end else { throw Failure("accepted") }
    let text = written(Response(refusal))
    #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(text.contains("Connection: close\r\n"))
    #expect(!text.contains("secret"))
  }

  @Test("a status outside the wire's three digits is 500")
  func status() {
    #expect(Status(99).code == 500)
    #expect(Status(600).code == 500)
    #expect(Status(299).phrase == "OK")
    #expect(Status(404).description == "404 Not Found")
  }

  @Test(
    "dates",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
      (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"), (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
  func dates(_ seconds: Int, _ text: String) {
    #expect(String(decoding: HTTPDate.bytes(unixSeconds: seconds), as: UTF8.self) == text)
  }
}

@Suite("Header fields")
struct HeaderFieldsTests {
  @Test("are found whatever the case, in their order")
  func lookup() {
    var headers: HeaderFields = ["A": "1", "b": "2", "a": "3"]
    #expect(headers["a"] == "1")
    #expect(headers.values(for: "A") == ["1", "3"])
    #expect(headers.map(\.name) == ["A", "b", "a"])
    headers.set("A", "4")
    #expect(headers == ["b": "2", "A": "4"])
    headers.remove("B")
    #expect(headers.description == "A: 4")
    #expect(headers["c"] == nil)
    #expect(!headers.contains("c"))
  }

  @Test("the only value of a name is lent; one of several is not, nor what the reader does not want")
  func only() {
    let headers: HeaderFields = ["A": "1", "b": "22", "a": "3", "d": ""]
    func length(_ name: String) -> Int? { headers.withOnlyValue(for: name) { $0.count } }
    #expect(length("B") == 2 && length("d") == 0)
    #expect(length("a") == nil && length("c") == nil)
    #expect(headers.withOnlyValue(for: "b") { _ in nil as Int? } == nil)
  }

  @Test("many fields, and long ones, stay what they are while they are added")
  func growing() {
    var headers = HeaderFields()
    for number in 0..<100 { headers.append("X-\(number)", String(repeating: "v", count: number)) }
    for number in 0..<100 { #expect(headers["x-\(number)"]?.utf8.count == number) }
  }

  @Test("tokens of a list are found over all lines")
  func tokens() {
    let headers: HeaderFields = ["Connection": "keep-alive , Upgrade", "connection": "x"]
    #expect(headers.contains("connection", token: "upgrade"))
    #expect(headers.contains("connection", token: "X"))
    #expect(!headers.contains("connection", token: "keep"))
  }
}
