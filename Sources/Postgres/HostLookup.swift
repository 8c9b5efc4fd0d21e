import Glibc
import IORuntime

/// Asks the name service on a thread of its own, since libpq would block the loop with it.
enum HostLookup {
  /// Calls `body` on the loop with the numeric addresses; none when the name is unknown.
  static func addresses(of host: String, on loop: EventLoop, _ body: @escaping @Sendable ([String]) -> Void) {
    let request = Unmanaged.passRetained(Request(host: host, loop: loop, body: body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let request = Unmanaged<Request>.fromOpaque(raw).takeRetainedValue()
        let addresses = HostLookup.resolve(request.host)
        request.loop.execute { request.body(addresses) }
        return nil
      }, request.toOpaque())
    guard code == 0 else {
      request.release()
      loop.execute { body([]) }
      return
    }
    pthread_detach(thread)
  }

  private final class Request: Sendable {
    let host: String
    let loop: EventLoop
    let body: @Sendable ([String]) -> Void

    init(host: String, loop: EventLoop, body: @escaping @Sendable ([String]) -> Void) {
      self.host = host
      self.loop = loop
      self.body = body
    }
  }

  private static func resolve(_ host: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    var addresses: [String] = []
    var next = found
    while let info = next?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
        addresses.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      next = info.ai_next
    }
    return addresses
  }
}
