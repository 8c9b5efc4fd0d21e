import IORuntime

@testable import Redis

/// A server that greets as Redis does and then answers every command with bytes of the test's choice.
final class FakeRedis: @unchecked Sendable {
  private let listener: Listener
  private var guests: [Guest] = []
  private(set) var accepted = 0
  /// Whether a connection ends with its next answer.
  var hangsUp = false

  /// Listens on the loop; `answer` gets the text of what arrived.
  init(loop: EventLoop, answer: @escaping (String) -> [UInt8]) throws {
    listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    try listener.start { [unowned self] connection in
      accepted += 1
      let guest = Guest(connection) { [unowned self] in (answer($0), hangsUp) }
      guests.append(guest)
      connection.begin(with: guest)
    }
  }

  /// Where it is.
  var settings: RedisSettings { RedisSettings(host: "127.0.0.1", port: listener.address.port ?? 0) }

  /// Sends bytes to all who are connected.
  func say(_ text: String) { for guest in guests { guest.connection.send(text) } }

  func close() { listener.close() }

  private final class Guest: ConnectionHandler {
    let connection: Connection
    private let answer: (String) -> (bytes: [UInt8], isLast: Bool)
    private var greeted = false

    init(_ connection: Connection, _ answer: @escaping (String) -> (bytes: [UInt8], isLast: Bool)) {
      self.connection = connection
      self.answer = answer
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
      guard greeted else {
        greeted = true
        return connection.send("+PONG\r\n")
      }
      let (bytes, isLast) = answer(String(decoding: bytes, as: UTF8.self))
      connection.send(bytes)
      if isLast { connection.shutdownWrite() }
    }

    func ended(_ reason: ConnectionEnd) {}
  }
}
