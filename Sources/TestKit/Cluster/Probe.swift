import Glibc
import IORuntime

/// Plain blocking exchanges with a server, for what no proper client would send.
public enum Probe {
  /// The status of a GET; nil when nobody answers within that many milliseconds.
  public static func status(_ address: SocketAddress, _ path: String, for milliseconds: Int = 10_000) async -> Int? {
    let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return statuses(await exchange(address, Array(request.utf8), for: milliseconds)).first
  }

  /// Asks every 50 ms until it is so, for a minute at most, and once at least; false when it never was.
  public static func wait(until isSo: () async throws -> Bool) async throws -> Bool {
    // By the clock, not by a number of tries: each may take long, and all of them then do.
    let end = Stopwatch.now + 60_000_000
    repeat {
      if try await isSo() { return true }
      try await Task.sleep(for: .milliseconds(50))
    } while Stopwatch.now < end
    return false
  }

  /// Sends bytes as they are and gives all that comes back until the server closes, until it is enough, or until that
  /// many milliseconds have passed without a byte.
  public static func exchange(
    _ address: SocketAddress, _ bytes: [UInt8], for milliseconds: Int,
    until isEnough: @escaping @Sendable (Talk) -> Bool = { _ in false }
  ) async -> Talk {
    await withCheckedContinuation { continuation in
      // Blocking calls get a thread of their own.
      detach { continuation.resume(returning: talk(address, bytes, milliseconds, isEnough)) }
    }
  }

  /// What came of an exchange.
  public struct Talk: Sendable {
    /// What the server said.
    public var answer: [UInt8] = []
    /// Whether the server closed the connection.
    public var isClosed = false
    /// Whether there was a server at all.
    public var isConnected = false
  }

  /// The status codes of all HTTP answers in what came back.
  public static func statuses(_ talk: Talk) -> [Int] {
    let text = String(decoding: talk.answer, as: UTF8.self)
    return text.split(separator: "HTTP/1.1 ").compactMap { part in
      part.count >= 3 ? Int(part.prefix(3)) : nil
    }
  }

  private static func talk(
    _ address: SocketAddress, _ bytes: [UInt8], _ milliseconds: Int, _ isEnough: (Talk) -> Bool
  ) -> Talk {
    var talk = Talk()
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return talk }
    defer { close(descriptor) }
    var wait = timeval(tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    guard connect(descriptor, address.port ?? 0) else { return talk }
    talk.isConnected = true
    _ = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &part, part.count, 0)
      if count == 0 || (count < 0 && errno == ECONNRESET) { talk.isClosed = true }
      guard count > 0 else { return talk }
      talk.answer += part.prefix(count)
      if isEnough(talk) { return talk }
    }
  }

  private static func connect(_ descriptor: CInt, _ port: UInt16) -> Bool {
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func detach(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, context)
    if code == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
    }
  }
}
