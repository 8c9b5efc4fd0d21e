import IORuntime
import Synchronization

/// A handler that remembers what it was told, readable from the test; it may answer with what it got.
final class Recorder: ConnectionHandler, @unchecked Sendable {
  struct Seen: Sendable {
    var bytes: [UInt8] = []
    var count = 0
    var reads = 0
    var drained = 0
    var finished = 0
    var ended: [ConnectionEnd] = []
  }

  let connection: Connection
  private let echoes: Bool
  private let keepsBytes: Bool
  private let halfClose: HalfClose
  private let arrived: @Sendable () -> Void
  private let state = Mutex(Seen())

  /// Begins the connection; call it on the loop.
  @discardableResult
  init(
    _ connection: Connection, echoes: Bool = false, keepsBytes: Bool = true, halfClose: HalfClose = .close,
    arrived: @escaping @Sendable () -> Void = {}
  ) {
    self.arrived = arrived
    self.connection = connection
    self.echoes = echoes
    self.keepsBytes = keepsBytes
    self.halfClose = halfClose
    connection.begin(with: self)
  }

  var seen: Seen { state.withLock { $0 } }
  var text: String { String(decoding: seen.bytes, as: UTF8.self) }

  func received(_ bytes: UnsafeRawBufferPointer) {
    state.withLock {
      $0.reads += 1
      $0.count += bytes.count
      if keepsBytes { $0.bytes.append(contentsOf: bytes) }
    }
    arrived()
    if echoes { connection.send(bytes) }
  }

  func drained() { state.withLock { $0.drained += 1 } }

  func peerFinished() -> HalfClose {
    state.withLock { $0.finished += 1 }
    return halfClose
  }

  func ended(_ reason: ConnectionEnd) { state.withLock { $0.ended.append(reason) } }

  /// Does something with the connection on its loop.
  func act(_ body: @escaping @Sendable (Connection) -> Void) async throws {
    try await connection.loop.submit { body(self.connection) }
  }
}

/// Asks again and again until it holds, at most for that long.
func eventually(within milliseconds: Int64 = 8_000, _ holds: () throws -> Bool) async throws -> Bool {
  let end = EventLoop.monotonicMilliseconds() + milliseconds
  while try !holds() {
    guard EventLoop.monotonicMilliseconds() < end else { return false }
    try await Task.sleep(for: .milliseconds(1))
  }
  return true
}

/// A running loop, stopped and over when the test is.
@discardableResult
func withLoop<Value>(_ body: (EventLoop) async throws -> Value) async throws -> Value {
  let loop = try EventLoop(name: "test")
  try loop.start()
  defer {
    loop.stop()
    loop.join()
  }
  return try await body(loop)
}

/// A connected pair: a listener's side and a connecting side, both begun, on one loop.
struct Pair {
  let server: Recorder
  let client: Recorder
  let listener: Listener

  init(
    on loop: EventLoop, at address: SocketAddress = .ip(host: "127.0.0.1", port: 0),
    options: ListenerOptions = ListenerOptions(), clientOptions: ConnectionOptions = ConnectionOptions(),
    serve: @escaping @Sendable (Connection) -> Recorder = { Recorder($0) },
    call: @escaping @Sendable (Connection) -> Recorder = { Recorder($0) }
  ) async throws {
    let listener = try Listener(loop: loop, address: address, options: options)
    let accepted = Mutex<Recorder?>(nil)
    let made = Mutex<Result<Recorder, ConnectError>?>(nil)
    try await loop.submit {
      try listener.start { connection in
        let recorder = serve(connection)
        accepted.withLock { $0 = recorder }
      }
      loop.connect(to: listener.address, deadline: 15_000, options: clientOptions) { result in
        let recorder = result.map { call($0) }
        made.withLock { $0 = recorder }
      }
    }
    _ = try await eventually { accepted.withLock { $0 != nil } && made.withLock { $0 != nil } }
    guard let client = try made.withLock({ $0 })?.get(), let server = accepted.withLock({ $0 }) else {
      throw ConnectError.timedOut
    }
    self.listener = listener
    self.client = client
    self.server = server
  }
}
