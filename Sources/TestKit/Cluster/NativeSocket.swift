import Client
import HTTP1
import IORuntime
import JSONText

/// The client's end of one native socket: requests with their replies, and the events between.
///
/// - Isolation: one loop.
public final class NativeSocket: @unchecked Sendable {
  /// A reply: what was done, or the problem.
  public enum Reply: Sendable {
    /// `d` of the reply.
    case ok(JSONValue)
    /// The problem.
    case refused(JSONValue)

    /// The problem's code.
    public var code: String? {
      if case .refused(let problem) = self { return problem["code"]?.string }
      return nil
    }
  }

  /// How the server ended the socket.
  public struct End: Sendable, Equatable {
    /// The close code; 1006 when it was cut.
    public let code: UInt16
    /// The reason, JSON where ours gave one.
    public let reason: String
    /// When.
    public let at: Moment
  }

  private let loop: EventLoop
  private var socket: SocketClient?
  private var waiting: [String: (Result<Reply, CallFailure>) -> Void] = [:]
  private var lastID = 0
  private let event: (JSONValue) -> Void
  private var ended: [() -> Void] = []
  /// Errors that answer no request of ours.
  public private(set) var strays: [JSONValue] = []
  /// How it ended, once it has.
  public private(set) var end: End?

  private init(_ loop: EventLoop, _ event: @escaping (JSONValue) -> Void) {
    self.loop = loop
    self.event = event
  }

  /// Connects to a node; `event` is given every frame that is neither `hello` nor a reply.
  public static func open(
    loop: EventLoop, address: SocketAddress, token: String? = nil, headers: HeaderFields = [:],
    event: @escaping (JSONValue) -> Void = { _ in }
  ) async throws(CallFailure) -> NativeSocket {
    let native = NativeSocket(loop, event)
    var headers = headers
    if let token { headers.append("Authorization", "Bearer \(token)") }
    native.socket = try await SocketClient.open(
      loop: loop, address: address, path: "/v1/socket", subprotocol: "martlet.v1.json", headers: headers,
      deadline: 10_000,
      callbacks: .init(message: { native.received($0) }, closed: { native.closed($0, $1) }))
    return native
  }

  /// Asks, and waits for the reply.
  ///
  /// - Throws: ``CallFailure`` when the socket ends first, or the deadline passes: nobody knows then what was done.
  public func request(
    _ operation: String, _ data: JSONValue = [:], deadline: Int64 = 10_000
  ) async throws(CallFailure) -> Reply {
    lastID += 1
    let id = String(lastID)
    let frame: JSONValue = ["id": .string(id), "op": .string(operation), "d": data]
    return try await reply(to: id, frame.text, deadline: deadline)
  }

  /// Sends a frame as it is, and waits for the reply with that id.
  public func reply(to id: String, _ frame: String, deadline: Int64) async throws(CallFailure) -> Reply {
    guard end == nil, let socket else { throw CallFailure("the socket is closed") }
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Reply, CallFailure>, Never>) in
      let timer = loop.schedule(after: deadline) { [weak self] in
        self?.waiting.removeValue(forKey: id)?(.failure(CallFailure("no reply within \(deadline) ms")))
      }
      waiting[id] = { result in
        timer.cancel()
        continuation.resume(returning: result)
      }
      socket.send(frame)
    }
    return try result.get()
  }

  /// Sends text as it is.
  public func send(_ text: String) { socket?.send(text) }

  /// The socket below, for what no good client does.
  public var raw: SocketClient? { socket }

  /// Waits until the socket has ended, at most that many milliseconds.
  public func waitForEnd(_ milliseconds: Int64) async -> End? {
    if let end { return end }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      var isOver = false
      let over = {
        guard !isOver else { return }
        isOver = true
        continuation.resume()
      }
      loop.schedule(after: milliseconds, over)
      ended.append(over)
    }
    return end
  }

  /// Closes politely.
  public func close() { socket?.close() }

  /// Cuts it without a word.
  public func cut() { socket?.cut() }

  private func received(_ bytes: UnsafeRawBufferPointer) {
    guard let frame = try? JSONValue(parsing: bytes) else { return strays.append(.string("no JSON")) }
    if let id = frame["re"] {
      guard let text = id.string, let waiter = waiting.removeValue(forKey: text) else { return strays.append(frame) }
      waiter(.success(frame["error"].map(Reply.refused) ?? .ok(frame["d"] ?? .null)))
    } else if frame["t"]?.string != "hello" {
      event(frame)
    }
  }

  private func closed(_ code: UInt16, _ reason: String) {
    end = End(code: code, reason: reason, at: Stopwatch.now)
    socket = nil
    let all = waiting
    waiting = [:]
    for waiter in all.values { waiter(.failure(CallFailure("the socket ended: \(code) \(reason)"))) }
    let over = ended
    ended = []
    for body in over { body() }
  }
}
