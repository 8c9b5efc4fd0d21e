import API
import ChatCore
import Delivery
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Tokens

@testable import Dialects

/// A dialect alone: its rows over memory adapters, in virtual time.
final class MemoryStage: TranscriptStage, @unchecked Sendable {
  let time: VirtualTime
  let world: MemoryWorld
  let mount: Mount
  let door: DialectDoor
  private let service: DialectService
  private let hub: Hub

  init(
    _ dialect: Dialect, chosen: [String: String] = [:], gate: any DialectGate = OpenDoor(), limits: Limits = Limits(),
    isSecure: Bool = false, time: VirtualTime = VirtualTime(),
    room: Int = .max, hold: @escaping @Sendable (UserID?, String) -> BodyHold = { _, _ in BodyHold() }
  ) {
    self.time = time
    let loop = VirtualLoop(time: time, seed: 1)
    let world = MemoryWorld(clock: VirtualClock(time))
    self.world = world
    let broker = MemoryBroker(on: MemoryBus()) { delay, work in time.schedule(after: delay, work) }
    let presence = MemoryPresence(
      in: PresenceBook(clock: VirtualClock(time)), now: { loop.now }, hop: { time.schedule(after: $0, $1) })
    hub = Hub(
      ports: loop, broker: broker, log: world, conversations: world, contacts: world, signIns: world,
      presence: presence)
    let chat = Chat(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world,
      files: world, blobs: world, credentials: FakeCredentials(), publisher: broker,
      limiter: MemoryRateLimiter(clock: VirtualClock(time)),
      presence: presence, clock: VirtualClock(time), limits: limits)
    mount = Mount(
      dialect, chat: chat, cipher: IDCipher(secret: [1, 2, 3]), chosen: chosen, credentials: FakeCheck(world: world),
      gate: gate,
      crossOrigin: CrossOriginPolicy(origins: .listed(["http://localhost:3000"]), allowsCredentials: true),
      isSecure: isSecure, now: { time.now },
      room: AnswerRoom(bytesMax: room, hold: hold) { await time.sleep($0 + Milliseconds(loop.random(below: 50))) },
      serve: { FileAnswer.response($0, to: $1) })
    service = DialectService(mount)
    door = DialectDoor(
      mount, hub: hub, ports: loop, shelf: RoomShelf { String(UInt64.random(in: .min ... .max), radix: 36) })
    hub.start()
  }

  func request(
    _ method: String, _ path: String, _ headers: HeaderFields, _ body: [UInt8]
  ) async throws -> (status: Int, headers: HeaderFields, body: [UInt8]) {
    let (service, request) = (service, MemoryStage.request(method, path, headers, body))
    let answered = time.finish {
      let response = await service.respond(to: request)
      var body = response.body
      while let piece = await response.stream?.next() { body += piece }
      return (response.status.code, response.headers, body)
    }
    guard let answered else { throw MemoryStageStuck() }
    return answered
  }

  /// Asks, and lets time pass only when it is told so; `answered` holds the answer as long as it runs.
  func begin(_ path: String, _ headers: HeaderFields, _ answered: @escaping @Sendable (Response) async -> Void) {
    let (service, request) = (service, MemoryStage.request("GET", path, headers, []))
    time.spawn { await answered(await service.respond(to: request)) }
  }

  func connect(_ query: String, _ headers: HeaderFields, auth: JSONValue?) async throws -> (any TranscriptSocket)? {
    let socket = MemorySocket(time, mount.dialect.carrier)
    let session = door.open(socket, by: MemoryStage.request("GET", "/" + query, headers, []))
    socket.session = session
    if mount.dialect.carrier == .socketIO { session.asked(auth: auth) }
    time.run(for: 200)
    return socket.isRefused ? nil : socket
  }

  private static func request(
    _ method: String, _ target: String, _ headers: HeaderFields, _ body: [UInt8]
  ) -> Request {
    let head = RequestHead(
      method: Method(rawValue: method), target: target, version: .http11, headers: headers, keepAlive: true,
      bodyLength: .none, expectsContinue: false)
    return Request(head: head, body: body, peer: "192.0.2.1")
  }
}

/// The client's end.
final class MemorySocket: TranscriptSocket, DialectTransport, @unchecked Sendable {
  private let time: VirtualTime
  private let carrier: Carrier
  var session: DialectSession?
  private(set) var isRefused = false
  /// The secret by which it may come back.
  private(set) var pid: String?
  private(set) var isClosed = false
  private(set) var acks: [Int64] = []
  private var frames: [[UInt8]] = []
  let queuedBytes = 0
  var isSilent: Bool { frames.isEmpty }

  init(_ time: VirtualTime, _ carrier: Carrier) {
    self.time = time
    self.carrier = carrier
  }

  func accept(pid: String?) { self.pid = pid }
  func refuse() { isRefused = true }
  private(set) var isSettled = false
  func settle() { isSettled = true }
  func send(_ text: [UInt8]) { frames.append(text) }
  func send(_ frame: EncodedFrame) { frames.append(frame.bytes) }
  func acknowledge(_ id: Int64) { acks.append(id) }
  func ping() { session?.heard() }
  func close() { isClosed = true }
  private(set) var isPaused = false
  func pauseReading() { isPaused = true }
  func resumeReading() { isPaused = false }

  func send(_ value: JSONValue) async throws {
    switch (carrier, value.array) {
    case (.socketIO, let event?):
      let arguments = event.dropFirst().map(\.bytes)
      session?.received(event: event.first?.string ?? "", arguments: Array(arguments), ackID: nil)
    default: session?.received(text: value.bytes)
    }
    time.run(for: 100)
  }

  func next() async throws -> JSONValue? {
    if frames.isEmpty { time.run(for: 2_000) }
    guard !frames.isEmpty else { return nil }
    let frame = frames.removeFirst()
    return try JSONValue(parsing: carrier == .socketIO ? Array(frame.dropFirst()) : frame)
  }

  func close() async {
    session?.transportClosed()
    time.run(for: 100)
  }
}

/// Knows the tokens of ``FakeCredentials``, and asks whether their sessions live; `away` finds the database away.
struct FakeCheck: CredentialCheck {
  let world: MemoryWorld

  func caller(ofToken token: String) async throws(ChatError) -> Caller {
    if token == "away" { throw .unavailable(.database, retryAfter: 1_000) }
    let parts = token.split(separator: ".")
    guard parts.count == 3, parts[0] == "access", let user = Int64(parts[1]), let session = Int64(parts[2]) else {
      throw .unauthenticated(.invalidToken)
    }
    let caller = Caller(user: UserID(rawValue: user), session: SessionID(rawValue: session))
    guard try await world.ended(among: [caller.session]).isEmpty else { throw .unauthenticated(.sessionEnded) }
    return caller
  }
}

/// Counts nothing.
struct OpenDoor: DialectGate {
  func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? { nil }

  func signIn(
    _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
  ) async throws(ChatError) -> SignedIn { try await body() }
}

/// A request was not answered within an hour of virtual time.
struct MemoryStageStuck: Error {}
