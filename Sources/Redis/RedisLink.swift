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

/// A connection that is made anew whenever it ends, after pauses by ``Backoff``, which grow until one has served: has
/// answered a command, was not left for what it refused, and was there for a while, or has lasted. One leads to one
/// master.
///
/// - Isolation: its loop.
final class RedisLink: RedisConnectionOwner, @unchecked Sendable {
  private let loop: EventLoop
  private let settings: RedisSettings
  private weak var owner: (any RedisLinkOwner)?
  private let observe: (RedisChange) -> Void
  private var connection: RedisConnection?
  private var failures = 0
  /// Since when the connection is ready.
  private var readySince: Int64 = 0
  private var retry: LoopTimer?
  private var wanted = false
  private var random = SystemRandomNumberGenerator()
  private let trust: RedisTrust
  private var isMisled = false

  init(
    loop: EventLoop, settings: RedisSettings, trust: RedisTrust, owner: any RedisLinkOwner,
    observe: @escaping (RedisChange) -> Void
  ) {
    self.loop = loop
    self.settings = settings
    self.trust = trust
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
      fresh.open(tls: try trust.client())
    } catch {
      let words = error.description
      loop.execute { fresh.end(.unreachable(words)) }
    }
  }

  func connectionReady(_ connection: RedisConnection) {
    readySince = EventLoop.monotonicMilliseconds()
    observe(.connected(settings.address))
    owner?.linkReady()
  }

  func takesPush(_ reply: RedisReply) -> Bool { owner?.takesPush(reply) ?? false }

  func connectionRefused(_ text: String) {
    let code = text.split(separator: " ", maxSplits: 1).first.map(String.init) ?? ""
    // What is refused while it greets ends the connection, and is told with that.
    if ready != nil, !RedisLink.answered.contains(code) { observe(.refused(settings.address, text)) }
    guard !settings.isCluster, !isMisled, text.hasPrefix("MOVED ") || text.hasPrefix("CROSSSLOT ") else { return }
    isMisled = true
    observe(.leadsToCluster(settings.address))
  }

  /// Refusals that the client deals with by itself.
  private static let answered: Set<String> = ["NOSCRIPT", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "READONLY"]

  func connectionEnded(_ ended: RedisConnection, _ error: RedisError, wasReady: Bool) {
    guard ended === connection else { return }
    connection = nil
    // Closed by ourselves: nobody is to be told that it was lost.
    guard wanted else { return }
    // One that greets and then refuses, or breaks off, is no better than one that does not answer.
    failures = settings.backoff.failures(
      after: failures, lasted: wasReady ? EventLoop.monotonicMilliseconds() - readySince : nil,
      hasAnswered: ended.hasAnswered && error.code == nil)
    observe(wasReady ? .lost(settings.address, error) : .failed(settings.address, error))
    if wasReady { owner?.linkLost(error) }
    guard wanted else { return }
    let pause = settings.backoff.delay(afterFailures: failures, using: &random)
    retry = loop.schedule(after: pause) { [weak self] in self?.connect() }
  }
}
