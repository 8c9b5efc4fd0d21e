/// Milliseconds of a monotonic clock, or a span of them.
public typealias Milliseconds = Int64

/// The times and sizes of sessions; an object, so that each of thousands keeps eight bytes of it.
public final class EngineLimits: Sendable {
  /// Milliseconds between pings: 25,000, under the minute after which balancers drop what is silent.
  public let pingInterval: Milliseconds

  /// Milliseconds in which a ping must be answered: 20,000, a phone's change of network.
  public let pingTimeout: Milliseconds

  /// Bytes of one frame or body from the client: 1,000,000, what clients of Socket.IO expect (413, close 1009).
  public let maxPayload: Int

  /// Milliseconds that a transport which is tried out has to take over: 10,000; then it is closed, the session lives.
  public let upgradeTimeout: Milliseconds

  /// Milliseconds that a session which was closed here waits for the poll that fetches its last packets: 5,000.
  public let closingTimeout: Milliseconds

  /// Bytes that may wait for a client's poll: 1 MiB, as for a native session; more ends the session.
  public let queueBytesMax: Int

  /// Packets that may wait for a client's poll: 65,536, so that empty ones are bounded too.
  public let queuePacketsMax: Int

  /// Limits with their defaults.
  public init(
    pingInterval: Milliseconds = 25_000, pingTimeout: Milliseconds = 20_000, maxPayload: Int = 1_000_000,
    upgradeTimeout: Milliseconds = 10_000, closingTimeout: Milliseconds = 5000, queueBytesMax: Int = 1 << 20,
    queuePacketsMax: Int = 65_536
  ) {
    self.pingInterval = pingInterval
    self.pingTimeout = pingTimeout
    self.maxPayload = maxPayload
    self.upgradeTimeout = upgradeTimeout
    self.closingTimeout = closingTimeout
    self.queueBytesMax = queueBytesMax
    self.queuePacketsMax = queuePacketsMax
  }

  /// Packets of a poll's answer: 16, since Python clients refuse more.
  public static let pollPacketsMax = 16

  /// Packets of a body from the client: 65,536, what a program emits in one breath.
  public static let payloadPacketsMax = 65_536
}
