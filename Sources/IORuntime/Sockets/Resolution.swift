import CLinux
import Glibc

/// Names to addresses, by the system's resolver; blocks unless the host is numeric.
enum Resolution {
  /// The threads for names when the caller brings none: a name server that does not answer holds one for seconds.
  static let pool = try? BlockingPool(name: "resolver", threads: 2, queueMax: 64)

  /// The addresses in the order in which they are to be tried; empty when the name has none.
  static func addresses(of host: String, port: UInt16, toListen: Bool = false) throws(SystemError) -> [RawAddress] {
    try look(up: host, port, flags: AI_NUMERICSERV | (toListen ? AI_PASSIVE : AI_ADDRCONFIG))
  }

  /// The address of a numeric host; nothing when it is a name. Never blocks.
  static func numeric(_ host: String, port: UInt16) -> RawAddress? {
    (try? look(up: host, port, flags: AI_NUMERICSERV | AI_NUMERICHOST))?.first
  }

  private static func look(up host: String, _ port: UInt16, flags: CInt) throws(SystemError) -> [RawAddress] {
    guard !host.utf8.contains(0) else { throw SystemError(call: "getaddrinfo", code: EINVAL) }
    var hints = addrinfo()
    hints.ai_flags = flags
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
    guard code == 0 else { throw SystemError(call: "getaddrinfo", code: code == EAI_SYSTEM ? errno : EADDRNOTAVAIL) }
    defer { freeaddrinfo(list) }
    var found: [RawAddress] = []
    var entry = list
    while let info = entry?.pointee {
      if let address = info.ai_addr { found.append(RawAddress(copying: address, length: info.ai_addrlen)) }
      entry = info.ai_next
    }
    return found
  }
}
