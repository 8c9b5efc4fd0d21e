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
  /// Commands that a node of the cluster sent on to another.
  public internal(set) var redirected = 0
  /// Answers to the question who has which slots.
  public internal(set) var refreshes = 0
  /// Those of them that said something new.
  public internal(set) var topologies = 0
  /// Why the last attempt or connection ended.
  public internal(set) var lastError: RedisError?

  /// Nothing yet.
  public init() {}

  mutating func note(_ change: RedisChange) {
    switch change {
    case .connected: connects += 1
    case .lost(_, let error):
      losses += 1
      lastError = error
    case .failed(_, let error), .silent(_, let error): lastError = error
    case .topology, .refused, .leadsToCluster: break
    }
  }
}

/// Commands to one Redis, or to the masters of a cluster, over pipelined connections that come back by themselves.
///
/// Nothing waits for a Redis that is away: a command then fails at once, and ``send(_:)`` says no. What is asked says
/// by its key where in a cluster it belongs; see ``ClusterClient``.
///
/// - Shape: `let reply = try await client.command(RedisCommand("GET", "key"))`
/// - Isolation: its loop; `async` methods are called by tasks that run on it.
public final class RedisClient: @unchecked Sendable {
  private enum Way {
    case one(RedisLink, RedisAddress)
    case cluster(ClusterClient)
  }

  private let way: Way
  private let state: State
  private let loop: EventLoop

  /// Makes a client that does nothing until ``start()``; `observe` hears of its connections, on the loop.
  public init(loop: EventLoop, settings: RedisSettings, observe: @escaping (RedisChange) -> Void = { _ in }) {
    let state = State()
    self.loop = loop
    self.state = state
    let note: (RedisChange) -> Void = { change in
      state.counters.note(change)
      observe(change)
    }
    if settings.isCluster {
      way = .cluster(ClusterClient(loop: loop, settings: settings, observe: note))
    } else {
      let link = RedisLink(
        loop: loop, settings: settings, trust: RedisTrust(settings), owner: state, observe: note)
      way = .one(link, settings.address)
    }
  }

  /// Where a subscriber beside it learns who has which slots.
  var watch: ClusterWatch? {
    guard case .cluster(let cluster) = way else { return nil }
    return cluster.watch
  }

  /// Connects, and connects again whenever a connection ends.
  public func start() {
    switch way {
    case .one(let link, _): link.start()
    case .cluster(let cluster): cluster.start()
    }
  }

  /// Ends the connections for good; what waits fails.
  public func close() {
    switch way {
    case .one(let link, _): link.close()
    case .cluster(let cluster): cluster.close()
    }
  }

  /// Whether all commands get through, as far as is known: to all masters of a cluster.
  public var isConnected: Bool {
    switch way {
    case .one(let link, _): link.ready != nil
    case .cluster(let cluster): cluster.isWhole
    }
  }

  /// Whether commands about keys of a slot get through.
  public func isConnected(for slot: HashSlot) -> Bool {
    switch way {
    case .one(let link, _): link.ready != nil
    case .cluster(let cluster): cluster.ready(for: slot) != nil
    }
  }

  /// Whether commands about a key get through.
  public func isConnected(for key: String) -> Bool {
    switch way {
    case .one(let link, _): link.ready != nil
    case .cluster(let cluster): cluster.ready(for: HashSlot(of: key)) != nil
    }
  }

  /// Who answers for a key; nil while nobody in the cluster does.
  public func master(of key: String) -> RedisAddress? {
    switch way {
    case .one(_, let address): address
    case .cluster(let cluster): cluster.map?.master(of: HashSlot(of: key))
    }
  }

  /// How the cluster looks; nil for one Redis, and until a node has answered.
  public var cluster: ClusterReport? {
    guard case .cluster(let cluster) = way else { return nil }
    return cluster.report
  }

  /// All masters that are known.
  public var masters: [ClusterReport.Master] {
    switch way {
    case .one(let link, let address):
      [ClusterReport.Master(address: address, isConnected: link.ready != nil, hasReplica: false)]
    case .cluster(let cluster): cluster.report?.masters ?? []
    }
  }

  /// What it has done so far.
  public var counters: RedisCounters {
    guard case .cluster(let cluster) = way else { return state.counters }
    return cluster.added(to: state.counters)
  }

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
    do throws(RedisError) {
      switch way {
      case .one(let link, _):
        guard let connection = link.ready else { throw .unavailable }
        try connection.submit(command, deadline: deadline, handler)
      case .cluster(let cluster): try cluster.submit(command, deadline: deadline, handler)
      }
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
