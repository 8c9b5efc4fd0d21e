import Client
import IORuntime
import JSONText

/// The client's end of a session by Socket.IO, as its own client libraries behave: a CONNECT with `auth`, events with
/// acks, pongs for pings.
///
/// - Isolation: one loop.
public final class SocketIOSocket: ChatSocket, @unchecked Sendable {
  /// What carries it.
  public enum Transport: Sendable, CaseIterable {
    /// Long-polling, all the time.
    case polling
    /// A WebSocket from the beginning.
    case webSocket
    /// Polling first, a WebSocket as soon as one may be tried.
    case upgrade
  }

  private let loop: EventLoop
  private let carrier: SocketIOCarrier
  private let event: (JSONValue) -> Void
  private var waiting: [Int64: (Result<NativeSocket.Reply, CallFailure>) -> Void] = [:]
  private var lastID: Int64 = -1
  private var notice: JSONValue?
  /// The answer to CONNECT, or the connect error.
  public private(set) var answer: (isConnected: Bool, payload: JSONValue)?
  /// The offset of the last event that had one.
  public private(set) var offset: String?
  /// Whether the server has sent us out of the namespace, after which libraries do not come back by themselves.
  public private(set) var isSentOut = false
  /// Events with more arguments than their frame.
  public private(set) var extraArguments = 0
  /// How it ended, once it has.
  public private(set) var end: NativeSocket.End?

  private init(_ loop: EventLoop, _ carrier: SocketIOCarrier, _ event: @escaping (JSONValue) -> Void) {
    self.loop = loop
    self.carrier = carrier
    self.event = event
  }

  /// Connects to a node and comes in; `event` is given the frame of every event but `close`.
  ///
  /// - Throws: ``CallFailure`` when there is no answer to CONNECT; a connect error is an ``answer``.
  public static func open(
    loop: EventLoop, address: SocketAddress, by transport: Transport, auth: JSONValue?,
    event: @escaping (JSONValue) -> Void = { _ in }
  ) async throws(CallFailure) -> SocketIOSocket {
    let carrier = try await SocketIOCarrier.open(loop: loop, address: address, by: transport)
    let socket = SocketIOSocket(loop, carrier, event)
    carrier.start(message: { socket.received($0) }, closed: { socket.over(1006, "") })
    carrier.send("40" + (auth?.text ?? ""))
    guard await Stopwatch.wait(5_000, until: { socket.answer != nil || socket.end != nil }), socket.answer != nil
    else { throw CallFailure("no answer to CONNECT") }
    return socket
  }

  /// The id that the server has given.
  public var sid: String? { answer?.payload["sid"]?.string }

  /// The secret by which the session can be taken up.
  public var pid: String? { answer?.payload["pid"]?.string }

  /// Asks, and waits for the ack.
  public func request(
    _ operation: String, _ data: JSONValue, deadline: Int64
  ) async throws(CallFailure) -> NativeSocket.Reply {
    guard end == nil else { throw CallFailure("the socket is closed") }
    lastID += 1
    let id = lastID
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<NativeSocket.Reply, CallFailure>, Never>) in
      let timer = loop.schedule(after: deadline) { [weak self] in
        self?.waiting.removeValue(forKey: id)?(.failure(CallFailure("no ack within \(deadline) ms")))
      }
      waiting[id] = { result in
        timer.cancel()
        continuation.resume(returning: result)
      }
      carrier.send("42\(id)" + JSONValue.array([.string(operation), data]).text)
    }
    return try result.get()
  }

  /// Asks for no answer.
  public func emit(_ operation: String, _ data: JSONValue) {
    carrier.send("42" + JSONValue.array([.string(operation), data]).text)
  }

  /// Waits until the connection is closed, at most that many milliseconds.
  public func waitForEnd(_ milliseconds: Int64) async -> NativeSocket.End? {
    _ = await Stopwatch.wait(milliseconds) { end != nil }
    return end
  }

  /// Polls no more until it is false again.
  public var isIdle: Bool {
    get { carrier.isIdle }
    set { carrier.isIdle = newValue }
  }

  /// Leaves the namespace and closes.
  public func close() {
    carrier.send("41")
    carrier.close()
  }

  /// Cuts it without a word.
  public func cut() {
    carrier.cut()
    over(1006, "")
  }

  // MARK: What comes

  /// A message of Engine.IO.
  private func received(_ text: Substring) {
    guard let kind = text.first, end == nil else { return }
    let rest = text.dropFirst()
    switch kind {
    case "0": answer = (true, SocketIOSocket.json(rest))
    case "4": answer = (false, SocketIOSocket.json(rest))
    case "1":
      isSentOut = true
      over(UInt16(clamping: notice?["code"]?.integer ?? 1000), notice?["reason"]?.string ?? "")
      carrier.close()
    case "2": happened(SocketIOSocket.json(rest))
    case "3":
      let digits = rest.prefix(while: \.isNumber)
      let reply = SocketIOSocket.json(rest.dropFirst(digits.count))[0] ?? .null
      waiting.removeValue(forKey: Int64(digits) ?? -1)?(
        .success(reply["error"].map(NativeSocket.Reply.refused) ?? .ok(reply["d"] ?? .null)))
    default: over(1002, "not a packet: \(kind)")
    }
  }

  private func happened(_ event: JSONValue) {
    guard let name = event[0]?.string, let frame = event[1] else { return over(1002, "an event without a frame") }
    if event[2] != nil { extraArguments += 1 }
    if let offset = event[2]?.string { self.offset = offset }
    if name == "close" { return notice = frame }
    guard name == frame["t"]?.string else { return over(1002, "\(name) is not \(frame.text)") }
    self.event(frame)
  }

  private static func json(_ text: Substring) -> JSONValue {
    (try? JSONValue(parsing: Array(text.utf8), limits: JSONLimits(bytesMax: 4 << 20))) ?? .null
  }

  private func over(_ code: UInt16, _ reason: String) {
    guard end == nil else { return }
    let told = notice.flatMap { $0["code"]?.integer }.map { UInt16(clamping: $0) }
    end = NativeSocket.End(code: told ?? code, reason: notice?.text ?? reason, at: Stopwatch.now)
    let all = waiting
    waiting = [:]
    for waiter in all.values { waiter(.failure(CallFailure("the socket ended: \(code) \(reason)"))) }
  }
}
