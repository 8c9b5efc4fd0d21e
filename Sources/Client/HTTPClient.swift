import HTTP1
import IORuntime

/// Calls one server over kept-alive connections, one request at a time on each.
///
/// - Isolation: one loop. Callers on other executors are not served.
/// - Limits: a connection for each call under way; what is idle is used again, newest first.
public final class HTTPClient: @unchecked Sendable {
  private let loop: EventLoop
  private let address: SocketAddress
  private let host: String
  private let tls: TLSClient?
  private var idle: [HTTPCall] = []

  /// A client of one server; with `tls` it speaks HTTPS.
  public init(loop: EventLoop, address: SocketAddress, host: String = "localhost", tls: TLSClient? = nil) {
    self.tls = tls
    self.loop = loop
    self.address = address
    self.host = host
  }

  /// Sends a request and waits for its answer.
  ///
  /// - Parameter deadline: milliseconds for all of it, however many connections it takes.
  /// - Throws: ``CallFailure``; a kept-alive connection that turns out to be closed before a byte came back is tried
  ///   once more on a new one when the method is one that may be repeated.
  public func call(
    _ method: Method, _ target: String, headers: HeaderFields = [:], body: [UInt8] = [], deadline: Int64 = 10_000
  ) async throws(CallFailure) -> Reply {
    let bytes = request(method, target, headers, body)
    let end = EventLoop.monotonicMilliseconds() &+ deadline
    while let connection = idle.popLast() {
      guard connection.isOpen else { continue }
      do throws(CallFailure) {
        return try await exchange(on: connection, method, bytes, try HTTPClient.left(until: end))
      } catch {
        if connection.hasReceived || method == .post || error == .timedOut { throw error }
      }
    }
    let connection = try await HTTPCall.open(loop, address, tls, try HTTPClient.left(until: end))
    return try await exchange(on: connection, method, bytes, try HTTPClient.left(until: end))
  }

  /// The milliseconds that are left of a call; a server that is silent on one connection is so on the next.
  private static func left(until end: Int64) throws(CallFailure) -> Int64 {
    let left = end &- EventLoop.monotonicMilliseconds()
    guard left > 0 else { throw .timedOut }
    return left
  }

  /// Closes what is idle.
  public func close() {
    for connection in idle { connection.close() }
    idle = []
  }

  private func exchange(
    on connection: HTTPCall, _ method: Method, _ bytes: [UInt8], _ deadline: Int64
  ) async throws(CallFailure) -> Reply {
    let reply = try await connection.exchange(bytes, isHead: method == .head, deadline: deadline)
    // What came behind the reply would be taken for the next one.
    if reply.keepsAlive, connection.isOpen, !connection.hasMore { idle.append(connection) } else { connection.close() }
    return reply
  }

  private func request(_ method: Method, _ target: String, _ headers: HeaderFields, _ body: [UInt8]) -> [UInt8] {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if !body.isEmpty || method == .post || method == .put || method == .patch {
      text += "Content-Length: \(body.count)\r\n"
    }
    return Array((text + "\r\n").utf8) + body
  }
}

/// One connection of a client, with at most one request under way.
final class HTTPCall: ConnectionHandler, @unchecked Sendable {
  private let connection: Connection
  private var reader = ReplyReader()
  private var waiting: ((Result<Reply, CallFailure>) -> Void)?
  private var timer: LoopTimer?
  private(set) var hasReceived = false
  /// Whether something came behind the last reply.
  var hasMore: Bool { !reader.isEmpty }

  private init(_ connection: Connection) { self.connection = connection }

  static func open(_ loop: EventLoop, _ address: SocketAddress, _ tls: TLSClient?, _ deadline: Int64)
    async throws(CallFailure) -> HTTPCall
  {
    do throws(ConnectError) {
      let call = HTTPCall(try await loop.connect(to: address, deadline: deadline, tls: tls))
      call.connection.begin(with: call)
      return call
    } catch {
      throw CallFailure("cannot connect: \(error)")
    }
  }

  var isOpen: Bool { connection.isOpen }

  func close() { connection.close() }

  func exchange(_ bytes: [UInt8], isHead: Bool, deadline: Int64) async throws(CallFailure) -> Reply {
    hasReceived = false
    // It may have ended before anybody waited, who then would not be told.
    guard connection.isOpen else { throw CallFailure("connection ended") }
    reader.expectsNoBody = isHead
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Reply, CallFailure>, Never>) in
      waiting = { continuation.resume(returning: $0) }
      timer = connection.loop.schedule(after: deadline) { [weak self] in self?.fail(.timedOut) }
      connection.send(bytes)
    }
    return try result.get()
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    // What nobody has asked for belongs to no request.
    guard waiting != nil else { return connection.close() }
    hasReceived = true
    reader.append(bytes)
    switch reader.next() {
    case .needMore: return
    case .reply(let reply): settle(.success(reply))
    case .failed(let why): fail(CallFailure(why))
    }
  }

  func ended(_ reason: ConnectionEnd) { settle(.failure(CallFailure("connection ended: \(reason)"))) }

  private func fail(_ why: CallFailure) {
    connection.close()
    settle(.failure(why))
  }

  private func settle(_ result: Result<Reply, CallFailure>) {
    timer?.cancel()
    timer = nil
    guard let waiting else { return }
    self.waiting = nil
    waiting(result)
  }
}
