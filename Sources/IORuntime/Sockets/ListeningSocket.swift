import CLinux
import Glibc

/// What can be chosen for a listener.
public struct ListenerOptions: Hashable, Sendable {
  /// Connections that the kernel keeps waiting; it cuts the number to net.core.somaxconn.
  public var backlog: Int32 = 4096
  /// Whether several loops listen at one port, each with a listener of its own.
  public var reusePort = true
  /// Connections accepted in one go, so that a storm does not keep those who are served waiting.
  public var acceptsAtOnce = 64
  /// Milliseconds that accepting rests when the process has no descriptors left.
  public var restMilliseconds: Int64 = 100
  /// What accepted connections get.
  public var connection = ConnectionOptions()

  /// The defaults.
  public init() {}
}

/// Makes sockets that listen.
enum ListeningSocket {
  static func open(_ address: SocketAddress, _ options: ListenerOptions) throws(SystemError) -> CInt {
    switch address {
    case .unix(let path):
      guard let raw = RawAddress(path: path) else { throw SystemError(call: "bind", code: ENAMETOOLONG) }
      removeStale(path, raw)
      return try listening(raw, options)
    case .ip(let host, let port):
      let candidates = try Resolution.addresses(of: host, port: port, toListen: true)
      guard let first = candidates.first else { throw SystemError(call: "bind", code: EADDRNOTAVAIL) }
      return try listening(first, options)
    }
  }

  /// A socket that has the address and does not listen; nil for a path, which only one can bind anyway.
  ///
  /// That refuses who connects meanwhile, while one that listens would accept and then reset him.
  static func alone(at address: SocketAddress) throws(SystemError) -> CInt? {
    guard case .ip(let host, let port) = address else { return nil }
    let candidates = try Resolution.addresses(of: host, port: port, toListen: true)
    guard let first = candidates.first else { throw SystemError(call: "bind", code: EADDRNOTAVAIL) }
    var options = ListenerOptions()
    options.reusePort = false
    return try bound(first, options)
  }

  private static func listening(_ address: RawAddress, _ options: ListenerOptions) throws(SystemError) -> CInt {
    let descriptor = try bound(address, options)
    guard listen(descriptor, options.backlog) == 0 else {
      let error = SystemError(call: "listen")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func bound(_ address: RawAddress, _ options: ListenerOptions) throws(SystemError) -> CInt {
    let descriptor = try StreamSocket.make(family: address.family)
    if address.family != AF_UNIX {
      enable(SO_REUSEADDR, of: descriptor)
      if options.reusePort { enable(SO_REUSEPORT, of: descriptor) }
      // Set here once and inherited by every accepted socket.
      options.connection.apply(to: descriptor)
    }
    guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
      let error = SystemError(call: "bind")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// A socket file that nobody listens at is left over from a process that was killed.
  private static func removeStale(_ path: String, _ address: RawAddress) {
    guard let probe = try? StreamSocket.make(family: AF_UNIX) else { return }
    defer { Glibc.close(probe) }
    if address.withPointer({ Glibc.connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
  }

  private static func enable(_ option: CInt, of descriptor: CInt) {
    var one: CInt = 1
    setsockopt(descriptor, SOL_SOCKET, option, &one, socklen_t(MemoryLayout<CInt>.size))
  }
}

/// Makes plain stream sockets.
enum StreamSocket {
  static func make(family: CInt) throws(SystemError) -> CInt {
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw SystemError(call: "socket") }
    return descriptor
  }

  /// Bytes that the kernel has been given and the peer's has not acknowledged; with TLS, encrypted ones.
  static func unacknowledgedBytes(of descriptor: CInt) -> Int {
    var count: CInt = 0
    guard ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
    return Int(max(0, count))
  }

  /// Takes the error that is pending on a socket, if there is one.
  static func pendingError(of descriptor: CInt) -> Int32? {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code != 0 else { return nil }
    return code
  }
}
