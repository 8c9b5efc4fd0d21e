import Testing
import WebSocket

@Suite("The opening handshake")
struct HandshakeTests {
  static let good = [
    "Upgrade": ["websocket"], "Connection": ["keep-alive, Upgrade"], "Sec-WebSocket-Version": ["13"],
    "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ=="],
  ]

  func agree(
    _ changes: [String: [String]] = [:], method: String = "GET", isHTTP11: Bool = true, hasBody: Bool = false,
    offer: Handshake.Offer = .init()
  ) throws -> Handshake.Agreement {
    let headers = HandshakeTests.good.merging(changes) { $1 }
    return try Handshake.agree(method: method, isHTTP11: isHTTP11, hasBody: hasBody, offer: offer) { headers[$0] ?? [] }
  }

  @Test("answers the key of RFC 6455 section 1.3")
  func acceptKey() throws {
    let agreement = try agree()
    #expect(agreement.acceptKey == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(agreement.headers.map(\.name) == ["Upgrade", "Connection", "Sec-WebSocket-Accept"])
    #expect(Handshake.key(random: (0, 0)) == "AAAAAAAAAAAAAAAAAAAAAA==")
  }

  @Test(
    "is refused when a part is missing or wrong",
    arguments: [
      ("Upgrade", [], 426), ("Upgrade", ["h2c"], 426), ("Connection", [], 426), ("Connection", ["keep-alive"], 426),
      ("Sec-WebSocket-Version", [], 426), ("Sec-WebSocket-Version", ["12"], 426),
      ("Sec-WebSocket-Version", ["13", "13"], 426), ("Sec-WebSocket-Key", [], 400),
      ("Sec-WebSocket-Key", ["short=="], 400),
      ("Sec-WebSocket-Key", ["dGhlIHNhbXBsZSBub25jZQ=="].map { $0 + "A" }, 400),
      ("Sec-WebSocket-Key", ["dGhlIHNhbXBsZSBub25j*Q=="], 400), ("Sec-WebSocket-Key", ["a", "b"], 400),
      ("Sec-WebSocket-Protocol", ["a, a"], 400), ("Sec-WebSocket-Protocol", ["a b"], 400),
      ("Sec-WebSocket-Protocol", ["a,,b"], 400),
    ] as [(String, [String], Int)])
  func refused(_ name: String, _ values: [String], _ status: Int) {
    let refusal = #expect(throws: Handshake.Refusal.self) { try agree([name: values]) }
    #expect(refusal?.status == status)
  }

  @Test(
    "finds its words in any case, alone or among others",
    arguments: [
      ("WebSocket", "UPGRADE"), ("websocket", "upgrade"), ("h2c, WEBSOCKET", "Keep-Alive, upgradE"),
    ])
  func words(_ upgrade: String, _ connection: String) throws {
    _ = try agree(["Upgrade": [upgrade], "Connection": [connection]])
  }

  @Test(
    "takes nothing else for its words, be it as long or a bit away",
    arguments: [
      "websocke4", "webSocke\u{54}\u{308}", "\u{17}ebsocket", "web\u{17F}ocket", "websockets", "\"websocket\"",
    ])
  func otherWords(_ upgrade: String) {
    #expect(#expect(throws: Handshake.Refusal.self) { try agree(["Upgrade": [upgrade]]) }?.status == 426)
  }

  @Test("is a GET of HTTP/1.1 without a body")
  func request() {
    #expect(#expect(throws: Handshake.Refusal.self) { try agree(method: "POST") }?.status == 405)
    #expect(#expect(throws: Handshake.Refusal.self) { try agree(isHTTP11: false) }?.status == 400)
    let refusal = #expect(throws: Handshake.Refusal.self) { try agree(hasBody: true) }
    #expect(refusal?.status == 400)
    #expect(#expect(throws: Handshake.Refusal.self) { try agree(["Upgrade": []]) }?.headers.first?.value == "13")
  }

  @Test("takes the subprotocol that the server likes best")
  func subprotocol() throws {
    let offer = Handshake.Offer(subprotocols: ["martlet.v2.json", "martlet.v1.json"])
    let asked = ["Sec-WebSocket-Protocol": ["other, martlet.v1.json", "martlet.v2.json"]]
    #expect(try agree(asked, offer: offer).subprotocol == "martlet.v2.json")
    #expect(try agree(["Sec-WebSocket-Protocol": ["martlet.v1.json"]], offer: offer).subprotocol == "martlet.v1.json")
    #expect(try agree(["Sec-WebSocket-Protocol": ["other"]], offer: offer).subprotocol == nil)
    #expect(try agree(offer: offer).subprotocol == nil)
  }

  static let whole = CompressionOffer(serverForgets: false, clientForgets: false)

  @Test(
    "agrees on compression by the first proposal that can be met",
    arguments: [
      ("permessage-deflate", "permessage-deflate"),
      ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
      (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
      ),
      ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
      ("permessage-deflate; server_max_window_bits=\"15\"", "permessage-deflate; server_max_window_bits=15"),
      ("permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"),
      ("permessage-deflate; unknown, permessage-deflate", "permessage-deflate"),
      ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"),
    ])
  func compression(_ proposal: String, _ answer: String) throws {
    let offer = Handshake.Offer(compression: HandshakeTests.whole)
    let agreement = try agree(["Sec-WebSocket-Extensions": [proposal]], offer: offer)
    #expect(agreement.compression?.headerValue == answer)
    #expect(DeflateTerms(parsing: [answer]) == agreement.compression)
  }

  @Test(
    "declines what it does not understand",
    arguments: [
      "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
      "permessage-deflate; server_max_window_bits=08", "permessage-deflate; server_max_window_bits",
      "permessage-deflate; client_max_window_bits=16", "permessage-deflate; server_no_context_takeover=1",
      "permessage-deflate; client_max_window_bits; client_max_window_bits", "permessage-deflate; unknown",
      "permessage-bzip2", "permessage-deflate; =8", "", "permessage-deflate; server_max_window_bits=\"8",
    ])
  func declined(_ proposal: String) throws {
    let offer = Handshake.Offer(compression: HandshakeTests.whole)
    #expect(try agree(["Sec-WebSocket-Extensions": [proposal]], offer: offer).compression == nil)
  }

  @Test("compression is off unless offered, and forgets by default")
  func off() throws {
    let proposal = ["Sec-WebSocket-Extensions": ["permessage-deflate; client_max_window_bits=12"]]
    #expect(try agree(proposal).compression == nil)
    let terms = try agree(proposal, offer: .init(compression: CompressionOffer(clientWindowBitsMax: 10))).compression
    #expect(terms == DeflateTerms(serverForgets: true, clientForgets: true, clientWindowBits: 10))
  }
}
