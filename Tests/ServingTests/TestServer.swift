import HTTP1
import IORuntime
import Serving
import Testing
import WebSocket

/// Tests whose clients block their threads; one after the other, so that deadlines mean what they say.
@Suite(.serialized)
enum OverSockets {}

/// A server on a loop and a port of its own, that answers what tests need.
final class TestServer: Sendable {
  let loop: EventLoop
  let server: HTTPServer
  let address: SocketAddress
  let handler: TestHandler

  init(limits: ServingLimits = ServingLimits(), proxies: TrustedProxies = TrustedProxies()) async throws {
    let loop = try EventLoop(name: "serving-test")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    let handler = TestHandler(loop: loop)
    let server = HTTPServer(loop: loop, limits: limits, proxies: proxies, handler: handler)
    self.loop = loop
    self.server = server
    self.handler = handler
    address = listener.address
    try loop.start()
    try await loop.submit { try server.serve(listener) }
  }

  deinit { loop.stop() }

  func connect(narrow: Bool = false) throws -> LoopbackClient { try LoopbackClient(to: address, narrow: narrow) }

  /// What the server has counted; asked on its loop.
  func report() async throws -> ServingCounts {
    let server = server
    return try await loop.submit { server.report }
  }

  /// Waits until the counts are as wanted, twenty seconds at most.
  func until(_ isSo: (ServingCounts) -> Bool) async throws -> Bool {
    for _ in 0..<2_000 {
      if isSo(try await report()) { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}

/// `/echo` gives the body back, `/peer` the client's address, `/slow` waits 100 ms, `/never` much longer, `/held` until
/// it is let go; `/large` takes more, `/stream` is long, `/huge` more than the kernel takes, `/usual` as long as what
/// needs no room, `/gathered` brings its own; `/ws` is a WebSocket.
final class TestHandler: HTTPHandler, @unchecked Sendable {
  private let loop: EventLoop
  let ends = Box<[WebSocketEnd]>([])
  let pongs = Box(0)
  /// The texts of all sockets, in the order in which they were read.
  let texts = Box<[String]>([])
  /// Those that were opened.
  let sockets = Box<[WebSocketConnection]>([])
  let poured = Box(0)
  /// Requests to `/held` that have come, and whether they are answered.
  let held = Box((come: 0, areLetGo: false))

  init(loop: EventLoop) { self.loop = loop }

  func bodyAllowance(for head: RequestHead) throws(Refusal) -> BodyAllowance? {
    switch head.path {
    case "/small": return BodyAllowance(4)
    case "/large", "/held": return BodyAllowance(90, account: head.headers["x-account"])
    case "/stranger": throw Refusal(401, "stranger", "Who are you?")
    default: return nil
    }
  }

  /// Pieces of 100,000 bytes until there are enough, or "half" for ever too few.
  private func stream(_ length: Int, breaksOff: Bool = false) -> Response {
    var response = Response(.ok)
    let given = Box(0)
    response.stream = BodyStream(length: length) { [poured] in
      let count = given.value
      given.change { $0 += 1 }
      if breaksOff { return count == 0 ? Array("half".utf8) : nil }
      poured.change { $0 += 100_000 }
      return Array(repeating: UInt8(ascii: "s"), count: 100_000)
    }
    return response
  }

  /// A megabyte whose room was taken while it gathered, but for its last byte, for which there is none.
  private func gathered() -> Response {
    let hold = BodyHold { (_, new) throws(Refusal) in
      guard new < 1 << 20 else { throw Refusal(503, "full", "There is no more.") }
    }
    try? hold.resize(to: 1 << 20 - 1)
    var response = Response(.ok, body: Array(repeating: 0x2A, count: 1 << 20))
    response.hold = hold
    return response
  }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    guard request.path == "/ws" else { return nil }
    let offer = Handshake.Offer(
      subprotocols: ["echo"], compression: CompressionOffer(serverForgets: false, clientForgets: false))
    do {
      let agreement = try Handshake.agree(request.head, offer: offer)
      return .accept(agreement, limits: MessageLimits(messageBytesMax: 1 << 20)) { [ends, pongs, texts, sockets] in
        let socket = $0
        sockets.change { $0.append(socket) }
        return Echo(socket, ends, pongs, texts)
      }
    } catch {
      return .refuse(Response(error))
    }
  }

  /// The code alone, so that tests see that these words are used.
  func answer(to refusal: Refusal, head: RequestHead?) -> Response {
    Response(refusal.status, text: "\(refusal.code) at \(head?.path ?? "nothing")")
  }

  func respond(to request: Request) async -> Response {
    switch request.path {
    case "/peer": return Response(.ok, text: request.peer)
    case "/slow":
      await loop.sleep(100)
      return Response(.ok, text: loop.inLoop ? "slow" : "another thread")
    case "/held":
      held.change { $0.come += 1 }
      while !held.value.areLetGo { await loop.sleep(2) }
      return Response(.ok, text: "held")
    case "/never":
      await loop.sleep(3000)
      return Response(.ok, text: "late")
    case "/stream": return stream(3_000_000)
    case "/endless": return stream(100_000_000)
    case "/broken": return stream(9, breaksOff: true)
    case "/huge": return Response(.ok, body: Array(repeating: 0x2A, count: 12 << 20))
    case "/usual": return Response(.ok, body: Array(repeating: 0x2A, count: 256 << 10))
    case "/gathered": return gathered()
    case "/big": return Response(.ok, body: Array(repeating: 0x2A, count: 1 << 20))
    case "/close":
      var response = Response(.ok, text: "bye")
      response.closesConnection = true
      return response
    default: return Response(.ok, body: Array("\(request.method) ".utf8) + request.body)
    }
  }
}

/// Sends each message back; "close" closes, "pause" rests reading for 50 ms, "ping" pings.
final class Echo: WebSocketHandler {
  private let socket: WebSocketConnection
  private let ends: Box<[WebSocketEnd]>
  private let pongs: Box<Int>
  private let texts: Box<[String]>

  init(_ socket: WebSocketConnection, _ ends: Box<[WebSocketEnd]>, _ pongs: Box<Int>, _ texts: Box<[String]>) {
    self.socket = socket
    self.ends = ends
    self.pongs = pongs
    self.texts = texts
  }

  func received(text: Span<UInt8>) {
    let bytes = text.withUnsafeBufferPointer { Array($0) }
    let words = String(decoding: bytes, as: UTF8.self)
    texts.change { $0.append(words) }
    switch words {
    case "close": socket.close(4001, reason: "asked")
    case "ping": socket.ping([1, 2, 3])
    case "pause":
      socket.pauseReading()
      let socket = socket
      socket.loop.schedule(after: 50) { socket.resumeReading() }
    default: socket.send(text: bytes)
    }
  }

  func received(binary: Span<UInt8>) { socket.send(binary: binary.withUnsafeBufferPointer { Array($0) }) }
  func receivedPong() { pongs.change { $0 += 1 } }
  func closed(_ end: WebSocketEnd) { ends.change { $0.append(end) } }
}
