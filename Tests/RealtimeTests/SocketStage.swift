import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import Realtime
import TestKit
import Testing

/// One loop with its hub and native socket, in virtual time over a world in memory.
final class SocketStage {
  let time = VirtualTime()
  let world: MemoryWorld
  let verifier: FakeVerifier
  let gate = FakeGate()
  let broker: MemoryBroker
  let hub: Hub
  let door: RealtimeDoor
  let shelf: RecoveryShelf
  let chat: Chat
  let ada: User
  let bob: User
  private let notes = Notes()

  init(limits: RealtimeLimits = RealtimeLimits(), delivery: DeliveryLimits = DeliveryLimits()) throws {
    let time = time
    let loop = VirtualLoop(time: time, seed: 1)
    let world = MemoryWorld(clock: VirtualClock(time))
    self.world = world
    verifier = FakeVerifier(time)
    broker = MemoryBroker(on: MemoryBus()) { delay, work in time.schedule(after: delay, work) }
    let presence = MemoryPresence(
      in: PresenceBook(clock: VirtualClock(time)), now: { loop.now }, hop: { time.schedule(after: $0, $1) })
    hub = Hub(
      ports: loop, broker: broker, log: world, conversations: world, contacts: world, signIns: world,
      presence: presence,
      limits: delivery)
    chat = Chat(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world,
      files: world, blobs: world, credentials: FakeCredentials(), publisher: broker,
      limiter: MemoryRateLimiter(clock: VirtualClock(time)), presence: presence, clock: VirtualClock(time))
    let notes = notes
    let ids = Notes()
    shelf = RecoveryShelf {
      ids.made += 1
      return "pid-\(ids.made)"
    }
    door = RealtimeDoor(
      hub: hub, chat: chat, verifier: verifier, gate: gate, ports: loop, limits: limits,
      shelf: shelf
    ) {
      notes.records.append($0)
    }
    ada = try #require(time.finish { try? await world.register(.named("ada")) } ?? nil)
    bob = try #require(time.finish { try? await world.register(.named("bob")) } ?? nil)
    hub.start()
  }

  final class Notes: @unchecked Sendable {
    var records: [OperationRecord] = []
    var made = 0
  }

  var recorded: [OperationRecord] { notes.records }

  /// A token of the user's, of a sign-in session that exists.
  func token(of user: User, lifetime: Milliseconds = 900_000) throws -> (token: String, caller: Caller) {
    let (world, id) = (world, user.id)
    let opened = time.finish { try? await world.open(user: id, device: nil, nonce: [], most: 100) }
    let caller = Caller(user: id, session: try #require(opened ?? nil).id)
    let token = "token-\(verifier.tokens.count)"
    verifier.tokens[token] = VerifiedToken(
      caller: caller, expiresAt: VirtualClock(time).now.adding(milliseconds: lifetime))
    return (token, caller)
  }

  func connect(token: String? = nil) -> Client {
    let client = Client(time)
    client.session = door.open(client, token: token)
    return client
  }

  /// A client that has authenticated and resumed.
  func client(_ user: User, heads: String = "{}") throws -> Client {
    let client = connect(token: try token(of: user).token)
    time.run(for: 1)
    client.send(#"{"id":"r","op":"resume","d":{"heads":\#(heads)}}"#)
    time.run(for: 50)
    _ = try #require(client.reply("r"))
    return client
  }

  func group(members: [User]) throws -> ConversationID {
    let (world, owner) = (world, ada)
    let made = time.finish { try? await world.create(.group, title: "Room", owner: owner, members: members) }
    return try #require(made ?? nil).conversation.id
  }
}

extension NewUser {
  static func named(_ name: String) -> NewUser {
    NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "")
  }
}

/// The other end of a WebSocket: writes down what comes, and says what the test says.
final class Client: SessionTransport, @unchecked Sendable {
  var session: SocketSession?
  private(set) var frames: [JSONValue] = []
  private(set) var closed: (code: UInt16, reason: String)?
  private(set) var pings = 0
  private(set) var isPaused = false
  /// Answers pings.
  var isAlive = true
  /// Takes what is sent.
  var reads = true
  var line: (any FrameLine)?
  private(set) var queuedBytes = 0
  private let time: VirtualTime

  init(_ time: VirtualTime) { self.time = time }

  func send(_ frame: EncodedFrame) {
    guard closed == nil else { return }
    if !reads { queuedBytes += frame.bytes.count }
    let bytes = frame.bytes
    if let value = try? JSONValue(parsing: bytes.span, limits: JSONLimits(bytesMax: 1 << 22)) {
      frames.append(value)
    } else {
      Issue.record("not JSON: \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  func ping() {
    pings += 1
    if isAlive { time.schedule(after: 5) { [weak self] in self?.session?.receivedPong() } }
  }

  func close(_ code: CloseCode, retryAfter: Milliseconds?) {
    closed = (code.rawValue, String(decoding: code.reason(retryAfter: retryAfter), as: UTF8.self))
    time.schedule(after: 1) { [weak self] in self?.session?.transportClosed() }
  }

  func pauseReading() { isPaused = true }
  func resumeReading() { isPaused = false }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    session?.received(text: bytes.span)
  }

  /// The answer to that request.
  func reply(_ id: String) -> JSONValue? { frames.first { $0["re"]?.string == id } }

  func replies(_ id: String) -> Int { frames.count { $0["re"]?.string == id } }

  func code(_ id: String) -> String? { reply(id)?["error"]?["code"]?.string }

  /// The pointers of the faults of that refusal.
  func pointers(_ id: String?) -> [String] {
    let refusal = frames.first { $0["error"] != nil && $0["re"]?.string == id }
    return refusal?["error"]?["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? []
  }

  /// The numbers of the events of a conversation, in order.
  func seqs(_ id: ConversationID) -> [Int64] {
    frames.filter { $0["conv"]?.integer == id.rawValue }.compactMap { $0["seq"]?.integer }
  }
}

/// Knows the tokens that the test has made; takes ten milliseconds.
final class FakeVerifier: TokenVerifier, @unchecked Sendable {
  var tokens: [String: VerifiedToken] = [:]
  var refusal = ChatError.unauthenticated(.invalidToken)
  private(set) var asked = 0
  private let time: VirtualTime

  init(_ time: VirtualTime) { self.time = time }

  func verify(_ token: String) async throws(ChatError) -> VerifiedToken {
    asked += 1
    await time.sleep(10)
    guard let known = tokens[token] else { throw refusal }
    return known
  }
}

/// Lets pass until told otherwise.
final class FakeGate: OperationGate, @unchecked Sendable {
  var refuses: Operation.Rate?
  /// Answers calls later, by ``release()``.
  var holds = false
  private(set) var asked = (byTask: 0, byCall: 0)
  private var held: [() -> Void] = []

  func retryAfter(_ rate: Operation.Rate, _ caller: Caller) async -> Milliseconds? {
    asked.byTask += 1
    return rate == refuses ? 700 : nil
  }

  func ask(_ rate: Operation.Rate, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void) -> Bool {
    asked.byCall += 1
    let answer = { [self] in told(rate == refuses ? 700 : nil) }
    if holds { held.append(answer) } else { answer() }
    return true
  }

  func release() {
    for answer in held { answer() }
    held = []
  }
}
