import Client
import HTTP1
import IORuntime
import JSONText

/// The client's end of a session of Engine.IO: polls and posts, a WebSocket, or the one after the other.
///
/// - Isolation: one loop.
final class SocketIOCarrier: @unchecked Sendable {
  /// Where a server of Socket.IO is, and what its clients bring.
  struct Place: Sendable {
    /// The path, with its slash.
    var path = "/socket.io/"
    /// Parameters besides those of Engine.IO: `token=…`.
    var query = ""
    /// What a browser of the same site sends: with a WebSocket, and with polls where there is none.
    var headers: HeaderFields = [:]
    /// Another node, which is sent the posts and the upgrade.
    var other: SocketAddress?
  }

  private let loop: EventLoop
  private let address: SocketAddress
  private let place: Place
  private var pollHeaders: HeaderFields = [:]
  private let polls: HTTPClient
  private let posts: HTTPClient
  private var socket: SocketClient?
  private var query = ""
  private var waiting: [String] = []
  private var isPosting = false
  private var isUpgrading = false
  private var isOver = false
  /// Whether it does not fetch what waits.
  var isIdle = false
  private var early: [Substring] = []
  private var message: ((Substring) -> Void)?
  private var closed: (() -> Void)?

  private init(_ loop: EventLoop, _ address: SocketAddress, _ place: Place) {
    self.loop = loop
    self.address = address
    self.place = place
    polls = HTTPClient(loop: loop, address: address)
    posts = HTTPClient(loop: loop, address: place.other ?? address)
  }

  static func open(
    loop: EventLoop, address: SocketAddress, by transport: SocketIOSocket.Transport,
    place: Place = Place()
  ) async throws(CallFailure) -> SocketIOCarrier {
    let carrier = SocketIOCarrier(loop, address, place)
    switch transport {
    case .webSocket: carrier.socket = try await carrier.openSocket(at: address)
    case .polling:
      carrier.pollHeaders = place.headers
      try await carrier.shakeHands()
    case .upgrade:
      try await carrier.shakeHands()
      carrier.isUpgrading = true
    }
    return carrier
  }

  func start(message: @escaping (Substring) -> Void, closed: @escaping () -> Void) {
    self.message = message
    self.closed = closed
    for packet in early { take(packet) }
    guard socket == nil else { return }
    Task(executorPreference: loop) {
      if self.isUpgrading { await self.upgrade() }
      await self.poll()
    }
  }

  // MARK: Sending

  func send(_ packet: String) {
    guard !isOver else { return }
    if let socket, !isUpgrading { return socket.send(packet) }
    waiting.append(packet)
    guard !isPosting, !isUpgrading else { return }
    isPosting = true
    Task(executorPreference: loop) { await self.post() }
  }

  private func post() async {
    while !waiting.isEmpty, !isOver {
      let body = waiting.joined(separator: "\u{1E}")
      waiting = []
      let reply = try? await posts.call(
        .post, target("polling"), headers: pollHeaders.adding("Content-Type", "text/plain;charset=UTF-8"),
        body: Array(body.utf8))
      if reply?.status != 200 { over() }
    }
    isPosting = false
  }

  func close() {
    send("1")
    socket?.close()
  }

  func cut() {
    socket?.cut()
    over()
  }

  // MARK: Polling

  private func shakeHands() async throws(CallFailure) {
    let reply = try await polls.call(.get, target("polling"), headers: pollHeaders)
    let body = String(decoding: reply.body, as: UTF8.self)
    guard reply.status == 200, body.hasPrefix("0"), let terms = try? JSONValue(parsing: String(body.dropFirst())),
      let sid = terms["sid"]?.string
    else { throw CallFailure("no session: \(reply.status) \(body)") }
    query = "&sid=\(sid)"
  }

  private func poll() async {
    while !isOver, socket == nil {
      guard !isIdle else {
        await loop.sleep(5)
        continue
      }
      let reply = try? await polls.call(.get, target("polling"), headers: pollHeaders, deadline: 60_000)
      guard let reply, reply.status == 200 else { return over() }
      for packet in String(decoding: reply.body, as: UTF8.self).split(separator: "\u{1E}") { take(packet) }
    }
  }

  private func target(_ transport: String) -> String {
    "\(place.path)?EIO=4&transport=\(transport)\(query)" + (place.query.isEmpty ? "" : "&\(place.query)")
  }

  // MARK: WebSockets

  private func openSocket(at address: SocketAddress) async throws(CallFailure) -> SocketClient {
    try await SocketClient.open(
      loop: loop, address: address, path: target("websocket"), headers: place.headers, deadline: 10_000,
      callbacks: .init(
        message: { [weak self] in self?.take(Substring(String(decoding: $0, as: UTF8.self))) },
        closed: { [weak self] _, _ in self?.over() }))
  }

  /// As the libraries do it: a probe beside the polls, and the upgrade when they have ended.
  private func upgrade() async {
    guard let socket = try? await openSocket(at: place.other ?? address) else { return isUpgrading = false }
    var isConfirmed = false
    probed = { isConfirmed = true }
    socket.send("2probe")
    guard await Stopwatch.wait(10_000, until: { isConfirmed || self.isOver }), !isOver else { return socket.cut() }
    socket.send("5")
    self.socket = socket
    isUpgrading = false
    for packet in waiting { socket.send(packet) }
    waiting = []
  }

  private var probed: (() -> Void)?

  // MARK: What comes

  private func take(_ packet: Substring) {
    guard message != nil else { return early.append(packet) }
    switch packet.first {
    case "4": message?(packet.dropFirst())
    case "2": send("3" + packet.dropFirst())
    case "3": probed?()
    case "1": over()
    default: break
    }
  }

  private func over() {
    guard !isOver else { return }
    isOver = true
    closed?()
    (message, closed) = (nil, nil)
    polls.close()
    posts.close()
  }
}

extension HeaderFields {
  /// The same with one more field.
  fileprivate func adding(_ name: String, _ value: String) -> HeaderFields {
    var fields = self
    fields.append(name, value)
    return fields
  }
}
