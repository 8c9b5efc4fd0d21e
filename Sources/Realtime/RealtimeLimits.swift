import ChatCore

/// What bounds a session of the native socket, each with its unit and reason.
public struct RealtimeLimits: Sendable, Hashable {
  /// How long a client may take to bring a valid token.
  public var authWithin: Milliseconds = 10_000
  /// How often the server pings: below the minute after which middle boxes forget a quiet connection.
  public var heartbeatEvery: Milliseconds = 25_000
  /// How long the answer to a ping may take.
  public var heartbeatGrace: Milliseconds = 20_000
  /// Bytes of one client frame: a resume that names 10,000 conversations takes 220,000.
  public var frameBytesMax = 256 * 1024
  /// Requests of one session that are under way at once; past it they are refused, and reading pauses. 128, so that a
  /// commit pays for itself where one session writes alone.
  public var inFlightMax = 128
  /// How long a session is not read from after it was refused for its rate: what may be sent in that time, ten of
  /// 500 a second, is worth a look again, and nobody notices a fiftieth of a second.
  public var restAfterHaste: Milliseconds = 20
  /// UTF-8 bytes of a request's id.
  public var idBytesMax = 64
  /// Bytes of a token.
  public var tokenBytesMax = 8_192
  /// How long requests under way may still be answered when the node leaves.
  public var drainGrace: Milliseconds = 3_000
  /// The longest time after which clients of a leaving node are told to come back; each gets its own.
  public var drainRetryMost: Milliseconds = 3_000

  /// The defaults.
  public init() {}
}
