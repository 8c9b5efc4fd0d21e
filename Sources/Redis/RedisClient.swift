import IORuntime

/// What a client or subscriber has done since it was made; for metrics.
public struct RedisCounters: Sendable, Hashable {
  /// Connections that became ready.
  public internal(set) var connects = 0
  /// Ready connections that ended.
  public internal(set) var losses = 0
  /// Commands sent.
  public internal(set) var sent = 0
  /// Commands that were not sent, because there was no connection or too much was waiting.
  public internal(set) var dropped = 0
  /// Commands that Redis refused.
  public internal(set) var refused = 0
  /// Why the last attempt or connection ended.
  public internal(set) var lastError: RedisError?

  mutating func note(_ change: RedisLinkChange) {
    switch change {
    case .connected: connects += 1
    case .lost(let error):
      losses += 1
      lastError = error
    case .failed(let error): lastError = error
    }
  }
}

/// Commands to one Redis over one pipelined connection that comes back by itself.
///
/// Nothing waits for a Redis that is away: a command then fails at once, and ``send(_:)`` says no. A Redis cluster will
/// take one client for each master; what is asked of a client says by its key where it belongs.
///
/// - Shape: `let reply = try await client.command(RedisCommand("GET", "key"))`
/// - Isolation: its loop; `async` methods are called by tasks that run on it.
public final class RedisClient: @unchecked Sendable {
  private let link: RedisLink
  private let state: State
  private let loop: EventLoop

  /// Makes a client that does nothing until ``start()``; `observe` hears of its connection, on the loop.
  public init(
    loop: EventLoop, settings: RedisSettings, observe: @escaping (RedisLinkChange) -> Void = { _ in }
  ) {
    let state = State()
    self.loop = loop
    self.state = state
    link = RedisLink(loop: loop, settings: settings, owner: state) { change in
      state.counters.note(change)
      observe(change)
    }
  }

  /// Connects, and connects again whenever the connection ends.
  public func start() { link.start() }

  /// Ends the connection for good; what waits fails.
  public func close() { link.close() }

  /// Whether commands get through, as far as is known.
  public var isConnected: Bool { link.ready != nil }

  /// What it has done so far.
  public var counters: RedisCounters { state.counters }

  /// Sends a command whose reply nobody needs; false when it was not sent.
  @discardableResult
  public func send(_ command: RedisCommand) -> Bool {
    let state = state
    do {
      try submit(command) { if case .failure(.refused) = $0 { state.counters.refused += 1 } }
      return true
    } catch {
      return false
    }
  }

  /// Sends a command; `handler` is called once, on the loop, later than this returns.
  ///
  /// - Parameter deadline: milliseconds until the connection is given up; ``RedisSettings/replyDeadline`` by default.
  /// - Throws: `.unavailable` or `.busy`: nothing was sent, and `handler` is not called.
  public func submit(
    _ command: RedisCommand, deadline: Int64? = nil, _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) throws(RedisError) {
    guard let connection = link.ready else {
      state.counters.dropped += 1
      throw .unavailable
    }
    do {
      try connection.submit(command, deadline: deadline, handler)
      state.counters.sent += 1
    } catch {
      state.counters.dropped += 1
      throw error
    }
  }

  /// Sends a command and gives its reply, which is never ``RedisReply/error(_:)``.
  ///
  /// - Throws: ``RedisError``. After `.connectionLost` and `.timedOut` the command may have run.
  public func command(_ command: RedisCommand, deadline: Int64? = nil) async throws(RedisError) -> RedisReply {
    let result: Result<RedisReply, RedisError> = await withUnsafeContinuation { continuation in
      do throws(RedisError) {
        try submit(command, deadline: deadline) { continuation.resume(returning: $0) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }

  /// Waits until commands get through, at most that many milliseconds; says whether they do.
  public func connected(within milliseconds: Int64) async -> Bool {
    let end = EventLoop.monotonicMilliseconds() &+ milliseconds
    while !isConnected, EventLoop.monotonicMilliseconds() < end { await loop.sleep(5) }
    return isConnected
  }

  /// What the link needs to hold on to without holding the client.
  private final class State: RedisLinkOwner {
    var counters = RedisCounters()
    func linkReady() {}
    func linkLost(_ error: RedisError) {}
    func takesPush(_ reply: RedisReply) -> Bool { false }
  }
}
