import ChatCore
import Synchronization

/// Users, sessions, conversations and logs in memory: the domain's stores for tests, simulation and `martlet dev`.
///
/// It keeps the meaning of PostgreSQL (the same AdapterContract runs on both) and none of its durability. Every call is
/// one transaction under one lock and never suspends. Each port has its file: `MemoryWorld+Users.swift` …
///
/// - Limits: none but the machine's memory; nothing is ever forgotten. Not for production.
/// - Isolation: thread-safe; one world is shared by all loops, and by all nodes of a simulation.
public final class MemoryWorld: Sendable {
  private let ledger = Mutex(Ledger())
  private let away = Mutex(false)
  private let absent = Mutex<Set<Bucket>>([])
  let clock: any Clock
  let sessionIdleMax: Milliseconds

  /// A world with nothing but the lobby, whose times come from `clock`.
  public init(clock: any Clock = WallClock(), sessionIdleMax: Milliseconds = Limits().sessionIdleMax) {
    self.clock = clock
    self.sessionIdleMax = sessionIdleMax
    let now = clock.now
    let host = Member(user: Lobby.host.id, username: Lobby.host.username, role: .owner)
    ledger.withLock {
      _ = $0.make(Lobby.id, .public, title: Lobby.title, picture: nil, members: [host], by: Lobby.host, at: now)
    }
  }

  /// Plays a database that is away: until set back every call throws `.unavailable(.database)`.
  public var isAway: Bool {
    get { away.withLock { $0 } }
    set { away.withLock { $0 = newValue } }
  }

  /// Plays a database of several machines of which one is away: the heads of what lies there are unavailable, and its
  /// counters are not told. Nothing else is refused.
  public var absentBuckets: Set<Bucket> {
    get { absent.withLock { $0 } }
    set { absent.withLock { $0 = newValue } }
  }

  /// Runs one transaction; what throws must not have changed anything yet.
  func transaction<Result: Sendable>(
    _ body: (inout Ledger, Timestamp) throws(ChatError) -> Result
  ) throws(ChatError) -> Result {
    if isAway { throw .unavailable(.database, retryAfter: 1000) }
    let now = clock.now
    return try ledger.withLock { (ledger) throws(ChatError) -> Result in try body(&ledger, now) }
  }
}
