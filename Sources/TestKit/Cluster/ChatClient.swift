import Client
import HTTP1
import IORuntime
import JSONText

/// One device of one user, as a good client is written: holds a socket, resumes with what it has, comes back after a
/// cut.
///
/// - Isolation: one loop.
public final class ChatClient: @unchecked Sendable {
  /// Its number in the history.
  public let number: Int
  /// Who it speaks for.
  public let account: Account
  /// What it has of each conversation.
  public private(set) var heads: [Int64: Int64] = [:]
  /// The socket it holds now.
  public private(set) var socket: (any ChatSocket)?
  /// How its sockets ended, in their order.
  public private(set) var ends: [NativeSocket.End] = []
  /// What it was told without a seq.
  public private(set) var signals = 0
  /// Whether it has been resumed on a socket that still is open.
  public private(set) var isLive = false

  private let transport: SocketIOSocket.Transport?
  private let loop: EventLoop
  private let recorder: Recorder
  private var doors: [SocketAddress]
  private var wantsToBeOnline = false
  private var session = -1
  private var keeper: Task<Void, Never>?

  /// Takes the doors in the order in which they are tried; each loss moves on to the next.
  ///
  /// - Parameter transport: of Socket.IO; nil is the native socket.
  public init(
    _ account: Account, doors: [SocketAddress], by transport: SocketIOSocket.Transport? = nil, loop: EventLoop,
    recorder: Recorder
  ) {
    self.transport = transport
    self.account = account
    self.doors = doors
    self.loop = loop
    self.recorder = recorder
    number = recorder.newClient()
  }

  // MARK: Being there

  /// Connects and resumes, and from then on comes back whenever the socket is lost, until ``goOffline()``.
  ///
  /// - Throws: ``CallFailure`` when it is not live within ten seconds.
  public func goOnline() async throws(CallFailure) {
    wantsToBeOnline = true
    let keeper = Task(executorPreference: loop) { await self.keepOnline() }
    self.keeper = keeper
    guard await Stopwatch.wait(10_000, until: { isLive }) else { throw CallFailure("client \(number) is not live") }
  }

  /// Leaves for good.
  public func goOffline() async {
    wantsToBeOnline = false
    socket?.close()
    await keeper?.value
    keeper = nil
  }

  private func keepOnline() async {
    var failures: Int64 = 0
    while wantsToBeOnline {
      do throws(CallFailure) {
        try await connect()
        failures = 0
        await stay()
      } catch {
        socket?.cut()
      }
      lost()
      guard wantsToBeOnline else { return }
      failures += 1
      doors.append(doors.removeFirst())
      // Full jitter up to a bound that grows: what a cut herd must do.
      await loop.sleep(Int64.random(in: 20...min(1_000, 50 << min(failures, 5))))
    }
  }

  private func connect() async throws(CallFailure) {
    let named = heads
    let session = recorder.began(.init(client: number, user: account.user, heads: named))
    self.session = session
    let socket = try await open(session)
    self.socket = socket
    let data: JSONValue = named.isEmpty ? [:] : ["heads": ChatClient.object(named)]
    let resumed = try await granted(socket.request("resume", data, deadline: 10_000))
    var begins: [Int64: Int64] = [:]
    for entry in resumed["heads"]?.object?.entries ?? [] {
      // Where something was told already, what was told says where the session began.
      guard let conversation = Int64(entry.name), heads[conversation] == nil else { continue }
      begins[conversation] = entry.value.integer
    }
    heads.merge(begins) { told, _ in told }
    recorder.resumed(session, heads: begins)
    isLive = true
  }

  private func open(_ session: Int) async throws(CallFailure) -> any ChatSocket {
    let token: JSONValue = ["token": .string(account.token)]
    guard let transport else {
      let socket = try await NativeSocket.open(loop: loop, address: doors[0]) { [weak self] in
        self?.heard($0, session)
      }
      _ = try await granted(socket.request("auth", token, deadline: 5_000))
      return socket
    }
    let socket = try await SocketIOSocket.open(loop: loop, address: doors[0], by: transport, auth: token) {
      [weak self] in self?.heard($0, session)
    }
    guard socket.answer?.isConnected == true else {
      throw CallFailure("not let in: \(socket.answer?.payload.text ?? "")")
    }
    return socket
  }

  private func granted(_ reply: NativeSocket.Reply) throws(CallFailure) -> JSONValue {
    switch reply {
    case .ok(let data): return data
    case .refused(let problem): throw CallFailure("refused: \(problem.text)")
    }
  }

  private func stay() async {
    guard let socket else { return }
    while socket.end == nil { _ = await socket.waitForEnd(60_000) }
  }

  private func lost() {
    isLive = false
    guard session >= 0 else { return }
    if let end = socket?.end { ends.append(end) }
    recorder.closed(session, socket?.end?.code ?? 1006)
    socket = nil
  }

  private func heard(_ frame: JSONValue, _ session: Int) {
    guard let conversation = frame["conv"]?.integer, let seq = frame["seq"]?.integer else { return signals += 1 }
    // Only message.created carries the message that the log's entry is compared by.
    let message = frame["t"]?.string == "message.created" ? frame["d"]?["id"]?.integer ?? 0 : 0
    recorder.delivered(
      .init(session: session, conversation: conversation, seq: seq, message: message, at: Stopwatch.now))
    heads[conversation] = max(seq, heads[conversation] ?? 0)
  }

  private static func object(_ heads: [Int64: Int64]) -> JSONValue {
    var object = JSONObject()
    for (conversation, head) in heads { object[String(conversation)] = .integer(head) }
    return .object(object)
  }

  // MARK: Saying something

  /// Sends by the socket and repeats under the same id until it is answered or `patience` milliseconds have passed.
  @discardableResult
  public func say(
    _ text: String, in conversation: Int64, as clientID: String, patience: Int64 = 15_000
  ) async -> History.Outcome {
    let data: JSONValue = [
      "conversation": .integer(conversation), "text": .string(text), "client_message_id": .string(clientID),
    ]
    return await keepTrying(conversation, clientID, patience) { () async throws(CallFailure) in
      guard let socket = self.socket, self.isLive else { throw CallFailure("offline") }
      return try await socket.request("message.send", data, deadline: 6_000)
    }
  }

  /// The same by REST.
  @discardableResult
  public func say(
    _ text: String, in conversation: Int64, as clientID: String, through nodes: [RESTClient], patience: Int64 = 15_000
  ) async -> History.Outcome {
    let data: JSONValue = ["text": .string(text), "client_message_id": .string(clientID)]
    var turn = 0
    return await keepTrying(conversation, clientID, patience) { () async throws(CallFailure) in
      defer { turn += 1 }
      let answer = try await nodes[turn % nodes.count].call(
        .post, "/v1/conversations/\(conversation)/messages", data, token: self.account.token, deadline: 6_000)
      return (200..<300).contains(answer.status) ? .ok(answer.body) : .refused(answer.body)
    }
  }

  private func keepTrying(
    _ conversation: Int64, _ clientID: String, _ patience: Int64,
    _ attempt: () async throws(CallFailure) -> NativeSocket.Reply
  ) async -> History.Outcome {
    let begin = Stopwatch.now
    let send = recorder.invoked(
      .init(user: account.user, conversation: conversation, clientID: clientID, invokedAt: begin))
    while true {
      let attemptedAt = Stopwatch.now
      let outcome = await ChatClient.outcome(attempt)
      recorder.attempted(send, from: attemptedAt)
      if outcome != .unknown {
        recorder.ended(send, outcome)
        return outcome
      }
      guard Stopwatch.now - begin < patience * 1_000 else { return .unknown }
      recorder.repeated(send)
      await loop.sleep(Int64.random(in: 50...200))
    }
  }

  /// A retryable refusal says nothing of an earlier attempt, nor always of its own.
  private static func outcome(
    _ attempt: () async throws(CallFailure) -> NativeSocket.Reply
  ) async -> History.Outcome {
    do throws(CallFailure) {
      switch try await attempt() {
      case .ok(let message):
        guard let id = message["id"]?.integer, let seq = message["seq"]?.integer else {
          return .refused("no id, no seq")
        }
        return .acknowledged(id: id, seq: seq)
      case .refused(let problem):
        let status = problem["status"]?.integer ?? 0
        return status >= 500 || status == 429 ? .unknown : .refused(problem["code"]?.string ?? "?")
      }
    } catch {
      return .unknown
    }
  }
}
