import IORuntime

/// Who works over a link.
protocol RedisLinkOwner: AnyObject {
  /// A connection is ready.
  func linkReady()
  /// The connection is gone; told once for each ``linkReady()``.
  func linkLost(_ error: RedisError)
  /// See ``RedisConnectionOwner/takesPush(_:)``.
  func takesPush(_ reply: RedisReply) -> Bool
}

/// What has become of the way to a Redis.
public enum RedisLinkChange: Hashable, Sendable {
  /// Commands get through.
  case connected
  /// They did, and no longer do.
  case lost(RedisError)
  /// An attempt to connect failed; there will be another.
  case failed(RedisError)
}

/// A connection that is made anew whenever it ends, after pauses by ``Backoff``. One leads to one master.
///
/// - Isolation: its loop.
final class RedisLink: RedisConnectionOwner, @unchecked Sendable {
  private let loop: EventLoop
  private let settings: RedisSettings
  private weak var owner: (any RedisLinkOwner)?
  private let observe: (RedisLinkChange) -> Void
  private var connection: RedisConnection?
  private var failures = 0
  private var retry: LoopTimer?
  private var wanted = false
  private var random = SystemRandomNumberGenerator()
  /// Made once: reading the system's authorities takes milliseconds.
  private var trust: TLSClient?

  init(
    loop: EventLoop, settings: RedisSettings, owner: any RedisLinkOwner,
    observe: @escaping (RedisLinkChange) -> Void
  ) {
    self.loop = loop
    self.settings = settings
    self.owner = owner
    self.observe = observe
  }

  /// The connection, while it is ready.
  var ready: RedisConnection? { connection?.isReady == true ? connection : nil }

  /// Connects, and goes on doing so.
  func start() {
    guard !wanted else { return }
    wanted = true
    connect()
  }

  /// Ends the connection and makes no other.
  func close() {
    wanted = false
    retry?.cancel()
    connection?.end(.connectionLost)
  }

  /// Ends the connection, so that a new one is made: for its user, who saw it break the protocol.
  func restart(because error: RedisError) { connection?.end(error) }

  private func connect() {
    guard wanted, connection == nil else { return }
    let fresh = RedisConnection(loop: loop, settings: settings, owner: self)
    connection = fresh
    do throws(TLSError) {
      if settings.tls, trust == nil { trust = try TLSClient(authorityFile: settings.authorityFile) }
      fresh.open(tls: trust)
    } catch {
      let words = error.description
      loop.execute { fresh.end(.unreachable(words)) }
    }
  }

  func connectionReady(_ connection: RedisConnection) {
    failures = 0
    observe(.connected)
    owner?.linkReady()
  }

  func takesPush(_ reply: RedisReply) -> Bool { owner?.takesPush(reply) ?? false }

  func connectionEnded(_ ended: RedisConnection, _ error: RedisError, wasReady: Bool) {
    guard ended === connection else { return }
    connection = nil
    // Closed by ourselves: nobody is to be told that it was lost.
    guard wanted else { return }
    failures += 1
    observe(wasReady ? .lost(error) : .failed(error))
    if wasReady { owner?.linkLost(error) }
    guard wanted else { return }
    let pause = settings.backoff.delay(afterFailures: failures, using: &random)
    retry = loop.schedule(after: pause) { [weak self] in self?.connect() }
  }
}
