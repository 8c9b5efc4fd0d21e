import HTTP1
import IORuntime
import WebSocket

/// The client's end of a WebSocket.
///
/// - Isolation: one loop; the callbacks come on it.
/// - Source: RFC 6455, client side: frames are masked with unpredictable keys.
public final class SocketClient: ConnectionHandler, @unchecked Sendable {
  /// Who is told what arrives.
  public struct Callbacks {
    /// A text or binary message; the bytes are gone when the call returns.
    public var message: (UnsafeRawBufferPointer) -> Void
    /// The socket is over: the server's close code, or 1006 when it was cut, and the reason.
    public var closed: (UInt16, String) -> Void

    /// Collects the callbacks.
    public init(message: @escaping (UnsafeRawBufferPointer) -> Void, closed: @escaping (UInt16, String) -> Void) {
      self.message = message
      self.closed = closed
    }
  }

  private let connection: Connection
  private var callbacks: Callbacks?
  private var parser = MessageParser(role: .client)
  private var reader = ReplyReader()
  private var opened: ((CallFailure?) -> Void)?
  private var end: (code: UInt16, reason: String)?
  private var random = SystemRandomNumberGenerator()

  private init(_ connection: Connection, _ callbacks: Callbacks) {
    self.connection = connection
    self.callbacks = callbacks
  }

  /// Connects and shakes hands.
  ///
  /// - Parameter deadline: milliseconds for all of it.
  /// - Throws: ``CallFailure`` with the status when the server refuses.
  public static func open(
    loop: EventLoop, address: SocketAddress, host: String = "localhost", path: String, subprotocol: String? = nil,
    headers: HeaderFields = [:], deadline: Int64 = 10_000, callbacks: Callbacks
  ) async throws(CallFailure) -> SocketClient {
    let connection: Connection
    do throws(ConnectError) {
      connection = try await loop.connect(to: address, deadline: deadline)
    } catch {
      throw CallFailure("cannot connect: \(error)")
    }
    let client = SocketClient(connection, callbacks)
    try await client.shakeHands(request(host, path, subprotocol, headers), deadline)
    return client
  }

  /// Sends a text message.
  public func send(_ text: String) { write(.text, Array(text.utf8)) }

  /// Sends one unfragmented frame of any kind; the reader is told what a good client would not say.
  public func send(_ opcode: Opcode, _ payload: [UInt8]) { write(opcode, payload) }

  /// Sends bytes that are no frame of ours at all.
  public func send(unframed bytes: [UInt8]) { connection.send(bytes) }

  /// Closes politely; the callback tells when it is over.
  public func close(_ code: CloseCode = .normal) { write(.close, FrameWriter.closePayload(code)) }

  /// Cuts the connection without a word.
  public func cut() { connection.close() }

  /// Stops reading, as a client does that hangs; what the server sends fills the buffers on the way.
  public func pauseReading() { connection.pauseReading() }

  /// Reads again.
  public func resumeReading() { connection.resumeReading() }

  /// Whether it is still open.
  public var isOpen: Bool { connection.isOpen }

  // MARK: Handshake

  private static func request(_ host: String, _ path: String, _ subprotocol: String?, _ headers: HeaderFields)
    -> [UInt8]
  {
    var random = SystemRandomNumberGenerator()
    let key = Handshake.key(random: (random.next(), random.next()))
    var text = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    text += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n"
    if let subprotocol { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private func shakeHands(_ request: [UInt8], _ deadline: Int64) async throws(CallFailure) {
    let failure = await withCheckedContinuation { (continuation: CheckedContinuation<CallFailure?, Never>) in
      let timer = connection.loop.schedule(after: deadline) { [weak self] in
        self?.opening(CallFailure("the handshake timed out"))
        self?.connection.close()
      }
      opened = { failure in
        timer.cancel()
        continuation.resume(returning: failure)
      }
      connection.begin(with: self)
      connection.send(request)
    }
    if let failure { throw failure }
  }

  private func opening(_ failure: CallFailure?) {
    guard let opened else { return }
    self.opened = nil
    if failure != nil { callbacks = nil }
    opened(failure)
  }

  private func handshake(_ bytes: UnsafeRawBufferPointer) {
    reader.append(bytes)
    switch reader.next() {
    case .needMore: return
    case .failed(let why):
      opening(CallFailure(why))
      connection.close()
    case .reply(let reply):
      guard reply.status == 101 else {
        opening(CallFailure("refused with \(reply.status): \(String(decoding: reply.body, as: UTF8.self))"))
        return connection.close()
      }
      opening(nil)
      var rest = reader.takeRest()
      rest.withUnsafeMutableBytes { read($0) }
    }
  }

  // MARK: Frames

  /// Takes bytes from the connection.
  public func received(_ bytes: UnsafeRawBufferPointer) {
    guard opened == nil else { return handshake(bytes) }
    read(UnsafeMutableRawBufferPointer(mutating: bytes))
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    var offset = 0
    while true {
      switch parser.next(bytes, from: &offset) {
      case .needMore: return
      case .text(let payload), .binary(let payload): payload.withBytes(in: bytes) { callbacks?.message($0) }
      case .ping(let payload): write(.pong, payload.array(in: bytes))
      case .pong: continue
      case .close(let code, let reason):
        end = (code?.rawValue ?? CloseCode.noStatus.rawValue, reason)
        write(.close, FrameWriter.closePayload(code))
        return connection.closeAfterFlush(deadline: 1_000)
      case .failed(let failure):
        end = (CloseCode.abnormal.rawValue, "the server broke the protocol: \(failure)")
        return connection.close()
      }
    }
  }

  private func write(_ opcode: Opcode, _ payload: [UInt8]) {
    var frame: [UInt8] = []
    FrameWriter.appendMasked(opcode, payload, key: random.next(), to: &frame)
    connection.send(frame)
  }

  /// The connection is over.
  public func ended(_ reason: ConnectionEnd) {
    opening(CallFailure("connection ended during the handshake: \(reason)"))
    let (code, text) = end ?? (CloseCode.abnormal.rawValue, "\(reason)")
    guard let callbacks else { return }
    self.callbacks = nil
    callbacks.closed(code, text)
  }
}
