import CLinux
import Glibc

/// What can be chosen for a connection.
public struct ConnectionOptions: Hashable, Sendable {
  /// Bytes in the send queue above which ``Connection/isCongested`` holds, until the queue is down to ``lowMark``.
  public var highMark: UInt32 = 256 * 1024
  /// Bytes in the send queue at which ``ConnectionHandler/drained()`` is called after congestion.
  public var lowMark: UInt32 = 64 * 1024
  /// Bytes in the send queue past which the connection ends with ``ConnectionEnd/queueFull``: memory has an end.
  public var queueMax: UInt32 = 16 * 1024 * 1024
  /// Milliseconds that sent bytes may stay unacknowledged before the kernel gives the connection up; 0 leaves it the
  /// kernel's quarter of an hour. Keepalive does nothing while bytes are under way; this does.
  public var userTimeout: UInt32 = 15_000
  /// Seconds of silence after which the kernel asks whether the peer is still there; 0 is never.
  public var keepAlive: UInt32 = 60
  /// Milliseconds that a TLS handshake may take.
  public var handshakeDeadline: Int64 = 10_000

  /// The defaults.
  public init() {}

  /// Sets what the kernel is to know; a listener's sockets inherit it, so an accepted one needs no calls.
  func apply(to descriptor: CInt) {
    set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    if userTimeout > 0 { _ = clinux_set_user_timeout(descriptor, userTimeout) }
    guard keepAlive > 0 else { return }
    set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPIDLE, CInt(clamping: keepAlive))
    set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPINTVL, CInt(clamping: max(1, keepAlive / 4)))
    set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
  }

  private func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
    var value = value
    _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }
}
