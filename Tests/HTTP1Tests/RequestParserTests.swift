import HTTP1
import Testing

@Suite("Requests are read as they were meant, however they arrive")
struct AcceptedRequestTests {
  static func expected(_ example: AcceptedCase) -> (Request) -> Void {
    { request in
      #expect(request.method.rawValue == example.method)
      #expect(request.path == example.path)
      #expect(request.head.query == example.query)
      #expect(request.body == bytes(example.body))
      #expect(request.head.keepAlive == example.keepAlive)
    }
  }

  @Test("whole", arguments: acceptedCases)
  func whole(_ example: AcceptedCase) throws {
    let outcome = drive([bytes(example.wire)])
    #expect(outcome.end == .idle)
    #expect(outcome.requests.count == 1)
    AcceptedRequestTests.expected(example)(try #require(outcome.requests.first))
  }

  @Test("byte by byte is the same as whole", arguments: acceptedCases)
  func byteByByte(_ example: AcceptedCase) {
    #expect(drive(bytewise(bytes(example.wire))) == drive([bytes(example.wire)]))
  }

  @Test("cut in two at any place is the same as whole", arguments: acceptedCases)
  func cutInTwo(_ example: AcceptedCase) {
    let wire = bytes(example.wire)
    let whole = drive([wire])
    for cut in 1..<wire.count {
      #expect(drive([Array(wire[..<cut]), Array(wire[cut...])]) == whole, "cut at \(cut)")
    }
  }

  @Test("cut short there is no request yet", arguments: acceptedCases)
  func cutShort(_ example: AcceptedCase) {
    let wire = bytes(example.wire)
    for length in 1..<wire.count {
      let outcome = drive([Array(wire[..<length])])
      #expect(outcome.requests.isEmpty)
      if case .refused = outcome.end { Issue.record("refused after \(length) bytes") }
    }
  }

  @Test("followed by another request both are read", arguments: acceptedCases)
  func pipelined(_ example: AcceptedCase) {
    let next = "DELETE /next HTTP/1.1\r\nHost: chat.example\r\n\r\n"
    let outcome = drive([bytes(example.wire + next)])
    #expect(outcome.end == .idle)
    #expect(outcome.requests.map(\.method.rawValue) == [example.method, "DELETE"])
  }

  @Test("a hundred thousand pipelined requests leave nothing behind")
  func flood() {
    let one = bytes("GET /a HTTP/1.1\r\nHost: chat.example\r\n\r\n")
    var wire: [UInt8] = []
    for _ in 0..<10_000 { wire += one }
    var parser = RequestParser()
    var heads = 0
    for _ in 0..<10 {
      var position = 0
      while true {
        let step = parser.feed(wire.span.extracting(position...))
        position += step.consumed
        if case .head = step.event { heads += 1 }
        if case .needMore = step.event { break }
      }
    }
    #expect(heads == 100_000)
    let isIdle = parser.isIdle
    #expect(isIdle)
  }

  @Test("what follows an upgrade's head is left to the other protocol")
  func upgradeLeavesTheRest() throws {
    let head = "GET /s HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
    var parser = RequestParser()
    let wire = bytes(head + "\u{01}frames")
    let first = step(&parser, wire)
    #expect(first.consumed == head.utf8.count)
    guard case .head(let read) = first.event else { throw Failure("no head") }
    #expect(read.asksUpgrade(to: "websocket"))
    #expect(!read.asksUpgrade(to: "h2c"))
    #expect(step(&parser, []).event == .complete)
  }

  @Test("Upgrade counts only with Connection and only in HTTP/1.1")
  func upgradeNeedsConnection() throws {
    for wire in [
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
      let request = try #require(drive([bytes(wire)]).requests.first)
      #expect(!request.head.asksUpgrade(to: "websocket"))
    }
  }
}

@Suite("Requests that two readers could take differently are refused")
struct RefusedRequestTests {
  @Test("whole", arguments: refusedCases)
  func whole(_ example: RefusedCase) throws {
    let outcome = drive([bytes(example.wire)])
    guard case .refused(let refusal) = outcome.end else { throw Failure("accepted: \(example.rule)") }
    #expect(refusal.status.code == example.status)
    #expect(refusal.code == example.code)
    #expect(outcome.requests.isEmpty)
  }

  @Test("byte by byte is the same as whole", arguments: refusedCases)
  func byteByByte(_ example: RefusedCase) {
    #expect(drive(bytewise(bytes(example.wire))) == drive([bytes(example.wire)]))
  }

  @Test("with more behind is the same as whole", arguments: refusedCases)
  func trailing(_ example: RefusedCase) {
    let more = bytes(example.wire + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(drive([more]) == drive([bytes(example.wire)]))
  }

  @Test("a byte that may not stand in a line is refused wherever it stands, and no other is")
  func everyPlace() {
    for offset in 0...8 {
      for byte in UInt8.min...UInt8.max {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: offset))
        let outcome = drive([head + [byte] + bytes("some more\r\n\r\n")])
        let mayStand = byte == 0x09 || byte >= 0x20 && byte != 0x7F
        #expect((outcome.requests.count == 1) == mayStand, "\(byte) at \(offset)")
      }
    }
  }

  @Test("a refusal is final")
  func final() {
    var parser = RequestParser()
    let bad = bytes("GET / HTTP/1.1\n")
    let good = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let first = step(&parser, bad).event
    let second = step(&parser, good)
    #expect(second.event == first)
    #expect(second.consumed == 0)
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
