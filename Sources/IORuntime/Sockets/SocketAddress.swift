import CLinux
import Glibc

/// The address of a socket, in words.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// A numeric IPv4 or IPv6 address, or (where one is to be resolved) a name; and a port.
  case ip(host: String, port: UInt16)
  /// The path of a Unix domain socket: at most 107 bytes. Empty for the nameless client side.
  case unix(path: String)

  /// `192.0.2.1:80`, `[2001:db8::1]:80`, `unix:/run/x`.
  public var description: String {
    switch self {
    case .ip(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// The host; nothing of a Unix domain socket.
  public var host: String? {
    guard case .ip(let host, _) = self else { return nil }
    return host
  }

  /// The port; nothing of a Unix domain socket.
  public var port: UInt16? {
    guard case .ip(_, let port) = self else { return nil }
    return port
  }

  init?(peerOf descriptor: CInt) {
    guard let raw = RawAddress(filledBy: { getpeername(descriptor, $0, $1) }) else { return nil }
    self.init(raw)
  }

  init?(localOf descriptor: CInt) {
    guard let raw = RawAddress(filledBy: { getsockname(descriptor, $0, $1) }) else { return nil }
    self.init(raw)
  }

  private init?(_ raw: RawAddress) {
    switch raw.family {
    case AF_INET, AF_INET6:
      guard let (host, port) = raw.numericHost else { return nil }
      self = .ip(host: host, port: port)
    case AF_UNIX: self = .unix(path: raw.path)
    default: return nil
    }
  }
}

/// A socket address as the kernel takes it.
struct RawAddress {
  private var storage: sockaddr_storage
  private var length: socklen_t

  init?(filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
    }
    guard code == 0 else { return nil }
    self.storage = storage
    self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
  }

  init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
    storage = sockaddr_storage()
    self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(self.length)))
    }
  }

  /// A Unix domain socket's; nothing when the path is empty, too long or has a NUL.
  init?(path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    self = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        RawAddress(copying: $0, length: socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  var family: CInt { CInt(storage.ss_family) }

  func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  var numericHost: (String, UInt16)? {
    if family == AF_INET { return dotted }
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let code = withPointer {
      getnameinfo(
        $0, $1, &host, socklen_t(host.count), &service, socklen_t(service.count), NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard code == 0, let port = UInt16(text(service)) else { return nil }
    return (text(host), port)
  }

  /// The same of an IPv4 address: `getnameinfo` takes thousands of instructions for it, and each client that comes is
  /// asked for its address.
  private var dotted: (String, UInt16)? {
    withUnsafeBytes(of: storage) { bytes in
      let address = bytes.loadUnaligned(as: sockaddr_in.self)
      var host = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
      let made = withUnsafePointer(to: address.sin_addr) { inet_ntop(AF_INET, $0, &host, socklen_t(host.count)) }
      return made == nil ? nil : (text(host), UInt16(bigEndian: address.sin_port))
    }
  }

  var path: String {
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    return withUnsafeBytes(of: storage) { bytes in
      let name = bytes[min(offset, Int(length))..<Int(length)]
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
