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
  private let transport: SocketIOSocket.Transport
  private let doors: [String: Carrier]
  private var turn = 0

  /// A stage; several addresses take turns, as behind a balancer.
  ///
  /// - Parameters:
  ///   - transport: of a dialect over Socket.IO; its posts and its upgrade reach another node than its polls.
  ///   - doors: what carries the sockets of other prefixes, which a story of several dialects names:
  ///     `CONNECT /dialects/umoc?token=…`.
  public init(
    loop: EventLoop, requests: [SocketAddress], sockets: [SocketAddress], prefix: String, carrier: Carrier,
    transport: SocketIOSocket.Transport = .webSocket, doors: [String: Carrier] = [:]
  ) {
    self.transport = transport
    self.doors = doors
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

  /// Asks the next address.
  public func request(
    _ method: String, _ path: String, _ headers: HeaderFields, _ body: [UInt8]
  ) async throws -> (status: Int, headers: HeaderFields, body: [UInt8]) {
    let client = HTTPClient(loop: loop, address: next(of: requests))
    defer { client.close() }
    let reply = try await client.call(Method(rawValue: method), prefix + path, headers: headers, body: body)
    return (reply.status, reply.headers, reply.body)
  }

  /// Opens a socket at the next address; nil when it was refused.
  public func connect(_ query: String, _ headers: HeaderFields, auth: JSONValue?) async throws
    -> (any TranscriptSocket)?
  {
    let socket = NetworkSocket(loop)
    let (door, more) = (query.prefix { $0 != "?" }, query.drop { $0 != "?" })
    let prefix = door.isEmpty ? prefix : String(door)
    guard (doors[prefix] ?? carrier) == .socketIO else {
      try await socket.open(next(of: sockets), "\(prefix)/\(more)", headers)
      return socket
    }
    let place = SocketIOCarrier.Place(
      path: "\(prefix)/socket.io/", query: String(more.dropFirst()), headers: headers, other: next(of: sockets))
    try await socket.open(next(of: sockets), by: transport, place)
    return try await socket.comeIn(auth) ? socket : nil
  }
}

/// The client's end of a socket.
final class NetworkSocket: TranscriptSocket, @unchecked Sendable {
  /// How long an expected frame may take: 20 s, far more than it does.
  private static let patience: Int64 = 20_000

  private let loop: EventLoop
  private var client: SocketClient?
  private var carrier: SocketIOCarrier?
  private var frames: [JSONValue] = []
  private var entrance: Bool?
  private var isClosed = false

  init(_ loop: EventLoop) { self.loop = loop }

  /// A plain WebSocket.
  func open(_ address: SocketAddress, _ path: String, _ headers: HeaderFields) async throws {
    client = try await SocketClient.open(
      loop: loop, address: address, path: path, headers: headers, deadline: 10_000,
      callbacks: .init(
        message: { [weak self] in if let frame = try? JSONValue(parsing: Array($0)) { self?.frames.append(frame) } },
        closed: { [weak self] _, _ in self?.isClosed = true }))
  }

  /// A session of Socket.IO.
  func open(
    _ address: SocketAddress, by transport: SocketIOSocket.Transport, _ place: SocketIOCarrier.Place
  ) async throws {
    let carrier = try await SocketIOCarrier.open(loop: loop, address: address, by: transport, place: place)
    self.carrier = carrier
    carrier.start(
      message: { [weak self] in self?.received($0) }, closed: { [weak self] in self?.isClosed = true })
  }

  /// Whether the namespace lets the client in.
  func comeIn(_ auth: JSONValue?) async throws -> Bool {
    carrier?.send("40" + (auth?.text ?? ""))
    try await eventually(within: NetworkSocket.patience, on: loop) { entrance != nil || isClosed }
    return entrance ?? false
  }

  /// A packet of Socket.IO.
  private func received(_ packet: Substring) {
    switch packet.first {
    case "0": entrance = true
    case "4": entrance = false
    case "2": if let frame = try? JSONValue(parsing: Array(packet.dropFirst().utf8)) { frames.append(frame) }
    default: break
    }
  }

  func send(_ value: JSONValue) async throws {
    carrier?.send("42" + value.text)
    client?.send(value.text)
  }

  func next() async throws -> JSONValue? {
    _ = try? await eventually(within: NetworkSocket.patience, on: loop) { !frames.isEmpty || isClosed }
    return frames.isEmpty ? nil : frames.removeFirst()
  }

  func close() async {
    carrier?.close()
    client?.close()
    guard client != nil else { return }
    _ = try? await eventually(within: NetworkSocket.patience, on: loop) { isClosed }
  }
}
