import HTTP1
import Testing

@Suite("Each limit holds at its last byte and refuses the next")
struct RequestLimitTests {
  let host = "Host: a\r\n"

  func expect(_ wire: String, _ limits: RequestLimits, _ code: String?, at location: SourceLocation = #_sourceLocation)
  {
    for pieces in [[bytes(wire)], bytewise(bytes(wire))] {
      let outcome = drive(pieces, limits: limits)
      if let code {
        guard case .refused(let refusal) = outcome.end else {
          Issue.record("not refused", sourceLocation: location)
          continue
        }
        #expect(refusal.code == code, sourceLocation: location)
      } else {
        #expect(outcome.end == .idle, sourceLocation: location)
        #expect(outcome.requests.count == 1, sourceLocation: location)
      }
    }
  }

  @Test("the request line")
  func requestLine() {
    let limits = RequestLimits(requestLineBytesMax: 100)
    let room = 100 - "GET / HTTP/1.1".utf8.count
    let atLimit = "/" + String(repeating: "a", count: room)
    expect("GET \(atLimit) HTTP/1.1\r\n\(host)\r\n", limits, nil)
    expect("GET \(atLimit)a HTTP/1.1\r\n\(host)\r\n", limits, "target_too_long")
    expect(String(repeating: "A", count: 200), limits, "method_too_long")
  }

  @Test("the method")
  func method() {
    expect("\(String(repeating: "A", count: 32)) / HTTP/1.1\r\n\(host)\r\n", RequestLimits(), nil)
    expect("\(String(repeating: "A", count: 33)) / HTTP/1.1\r\n\(host)\r\n", RequestLimits(), "method_too_long")
  }

  @Test("the bytes of the header")
  func headerBytes() {
    let limits = RequestLimits(headerBytesMax: 100)
    let room = 100 - host.utf8.count - "X: \r\n".utf8.count
    let atLimit = String(repeating: "v", count: room)
    expect("GET / HTTP/1.1\r\n\(host)X: \(atLimit)\r\n\r\n", limits, nil)
    expect("GET / HTTP/1.1\r\n\(host)X: \(atLimit)v\r\n\r\n", limits, "header_too_large")
  }

  @Test("the number of fields")
  func headerFields() {
    let limits = RequestLimits(headerFieldsMax: 10)
    let nine = String(repeating: "X: v\r\n", count: 9)
    expect("GET / HTTP/1.1\r\n\(host)\(nine)\r\n", limits, nil)
    expect("GET / HTTP/1.1\r\n\(host)\(nine)X: v\r\n\r\n", limits, "header_too_many")
  }

  @Test("the body, by its length")
  func fixedBody() {
    let limits = RequestLimits(bodyBytesMax: 5)
    expect("POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello", limits, nil)
    expect("POST / HTTP/1.1\r\n\(host)Content-Length: 6\r\n\r\n", limits, "body_too_large")
  }

  @Test("the body, by its chunks")
  func chunkedBody() {
    let limits = RequestLimits(bodyBytesMax: 5)
    let head = "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"
    expect(head + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", limits, nil)
    expect(head + "3\r\nhel\r\n3\r\n", limits, "body_too_large")
  }

  @Test("a chunk's line, all extensions, the trailer")
  func chunkLines() {
    let limits = RequestLimits(chunkLineBytesMax: 10, chunkExtensionBytesMax: 19, trailerBytesMax: 10)
    let head = "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"
    expect(head + "1;45678901\r\na\r\n0\r\n\r\n".replacing("45678901", with: "x2345678"), limits, nil)
    expect(head + "1;x23456789\r\na\r\n0\r\n\r\n", limits, "chunk_extension_too_long")
    let chunk = "1;a2345678\r\nx\r\n"
    expect(head + chunk + chunk + "0\r\n\r\n", limits, nil)
    expect(head + chunk + chunk + "1;a\r\nx\r\n0\r\n\r\n", limits, "chunk_extension_too_long")
    expect(head + "0\r\nX: 45678\r\n\r\n", limits, nil)
    expect(head + "0\r\nX: 456789\r\n\r\n", limits, "trailer_too_large")
  }

  @Test("a route's own body limit replaces the general one, for that request only")
  func routeLimit() {
    let small = RequestLimits(bodyBytesMax: 2)
    let post = "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello"
    #expect(drive([bytes(post + post)], limits: small, routeBodyBytesMax: 5).requests.count == 2)
    var parser = RequestParser(limits: small)
    let wire = bytes(post)
    _ = parser.feed(wire.span)
    #expect(parser.limitBody(to: 4)?.status == 413)
  }

  @Test("memory follows what has come, not what was announced")
  func announced() {
    let limits = RequestLimits(bodyBytesMax: .max)
    let outcome = drive(
      [bytes("POST / HTTP/1.1\r\n\(host)Content-Length: 999999999999999999\r\n\r\nx")], limits: limits)
    #expect(outcome.end == .unfinished)
  }
}
