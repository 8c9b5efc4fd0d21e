import Client
import HTTP1
import IORuntime
import JSONText

/// A dialect over real sockets: requests go to one address, sockets to another, below a prefix.
///
/// - Isolation: one loop; a story is played on it.
public final class NetworkStage: TranscriptStage {
  /// What carries the sockets.
  public enum Carrier: Sendable {
    /// Socket.IO by WebSocket.
    case socketIO
    /// A WebSocket with objects that say their `type`.
    case typedJSON
  }

  private let loop: EventLoop
  private let requests: [SocketAddress]
  private let sockets: [SocketAddress]
  private let prefix: String
  private let carrier: Carrier
  private var turn = 0

  /// A stage; several addresses take turns, as behind a balancer.
  public init(
    loop: EventLoop, requests: [SocketAddress], sockets: [SocketAddress], prefix: String, carrier: Carrier
  ) {
    self.loop = loop
    self.requests = requests
    self.sockets = sockets
    self.prefix = prefix
    self.carrier = carrier
  }

  private func next(of addresses: [SocketAddress]) -> SocketAddress {
    turn += 1
    return addresses[turn % addresses.count]
  }

  public func request(
    _ method: String, _ path: String, _ headers: HeaderFields, _ body: [UInt8]
  ) async throws -> (status: Int, headers: HeaderFields, body: [UInt8]) {
    let client = HTTPClient(loop: loop, address: next(of: requests))
    defer { client.close() }
    let reply = try await client.call(Method(rawValue: method), prefix + path, headers: headers, body: body)
    return (reply.status, reply.headers, reply.body)
  }

  public func connect(_ query: String, _ headers: HeaderFields, auth: JSONValue?) async throws
    -> (any TranscriptSocket)?
  {
    let socket = NetworkSocket(loop, carrier)
    let more = query.dropFirst()
    let path =
      carrier == .socketIO
      ? "\(prefix)/socket.io/?EIO=4&transport=websocket\(more.isEmpty ? "" : "&\(more)")" : "\(prefix)/\(query)"
    try await socket.open(next(of: sockets), path, headers)
    guard carrier == .socketIO else { return socket }
    return try await socket.comeIn(auth) ? socket : nil
  }
}

/// The client's end of a socket.
final class NetworkSocket: TranscriptSocket, @unchecked Sendable {
  /// How long an expected frame may take: 5 s, far more than it does.
  private static let patience: Int64 = 5_000

  private let loop: EventLoop
  private let carrier: NetworkStage.Carrier
  private var client: SocketClient?
  private var frames: [JSONValue] = []
  private var entrance: Bool?
  private var isClosed = false

  init(_ loop: EventLoop, _ carrier: NetworkStage.Carrier) {
    self.loop = loop
    self.carrier = carrier
  }

  func open(_ address: SocketAddress, _ path: String, _ headers: HeaderFields) async throws {
    client = try await SocketClient.open(
      loop: loop, address: address, path: path, headers: headers, deadline: 3_000,
      callbacks: .init(
        message: { [weak self] in self?.received(Array($0)) }, closed: { [weak self] _, _ in self?.closed() }))
  }

  /// Whether the namespace lets the client in.
  func comeIn(_ auth: JSONValue?) async throws -> Bool {
    client?.send("40" + (auth?.text ?? ""))
    try await eventually(within: NetworkSocket.patience, on: loop) { entrance != nil || isClosed }
    return entrance ?? false
  }

  private func received(_ bytes: [UInt8]) {
    guard carrier == .socketIO else {
      if let frame = try? JSONValue(parsing: bytes) { frames.append(frame) }
      return
    }
    let text = String(decoding: bytes, as: UTF8.self)
    if text == "2" { client?.send("3") }
    if text.hasPrefix("40") { entrance = true }
    if text.hasPrefix("44") { entrance = false }
    if text.hasPrefix("42"), let frame = try? JSONValue(parsing: Array(bytes.dropFirst(2))) { frames.append(frame) }
  }

  private func closed() { isClosed = true }

  func send(_ value: JSONValue) async throws { client?.send((carrier == .socketIO ? "42" : "") + value.text) }

  func next() async throws -> JSONValue? {
    _ = try? await eventually(within: NetworkSocket.patience, on: loop) { !frames.isEmpty || isClosed }
    return frames.isEmpty ? nil : frames.removeFirst()
  }

  func close() async {
    client?.close()
    _ = try? await eventually(within: NetworkSocket.patience, on: loop) { isClosed }
  }
}
