import ChatCore
import Postgres

/// Sign-in sessions in PostgreSQL, in the bucket of their user. Time is the database's, one clock for all nodes.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresSessions: SessionStore {
  /// Living: not ended, and seen within the idle time that the parameter gives in milliseconds.
  private static func living(_ parameter: String) -> String {
    "s.ended_at IS NULL AND s.last_seen_at >= now() - \(parameter)::bigint * interval '1 millisecond'"
  }

  static let open = Statement(
    "sessions.open", "SELECT \(columns) FROM open_session($1, $2, $3, $4, $5, $6, $7) s")
  static let state = Statement(
    "sessions.state",
    """
    SELECT \(columns), s.nonce, s.generation FROM user_session s
    WHERE s.bucket = $1 AND s.id = $2 AND \(living("$3"))
    """,
    brief: true)
  static let rotate = Statement(
    "sessions.rotate", "SELECT s.generation, s.is_over FROM rotate_session($1, $2, $3, $4, $5) s")
  static let list = Statement(
    "sessions.list",
    """
    SELECT \(columns) FROM user_session s WHERE s.bucket = $1 AND s.user_id = $2 AND \(living("$3"))
    ORDER BY s.created_at DESC, s.id DESC LIMIT 1000
    """, repeatable: true)
  static let end = Statement(
    "sessions.end",
    """
    UPDATE user_session s SET ended_at = now()
    WHERE s.bucket = $1 AND s.id = $2 AND s.user_id = $3 AND \(living("$4"))
    """
  )
  static let endAll = Statement(
    "sessions.end_all",
    """
    UPDATE user_session s SET ended_at = now()
    WHERE s.bucket = $1 AND s.user_id = $2 AND \(living("$3")) RETURNING s.id
    """
  )
  static let alive = Statement(
    "sessions.alive",
    """
    SELECT s.id FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, id)
      JOIN user_session s ON s.bucket = asked.bucket::smallint AND s.id = asked.id
    WHERE \(living("$3"))
    """, repeatable: true, scatter: .sessionsAlive)
  /// The same of one, which asks one shard.
  static let aliveOne = Statement(
    "sessions.alive_one", "SELECT s.id FROM user_session s WHERE s.bucket = $1 AND s.id = $2 AND \(living("$3"))",
    brief: true)

  static let statements = [open, state, rotate, list, end, endAll, alive, aliveOne]

  private static let columns = "s.id, s.user_id, s.device, s.created_at, s.last_seen_at"

  let pool: PostgresPool
  let ids: IdBlocks
  let failure: StoreFailure
  let desk: ScatterDesk
  let idleMax: Milliseconds

  /// Opens a session with generation 1; the user's oldest end when there would be more than `most`. It shares the lock
  /// of the user's row, so that deleting the account and this see each other.
  public func open(user: UserID, device: String?, nonce: [UInt8], most: Int) async throws(ChatError) -> Session {
    let opened = try await failure.translating { () throws(PostgresError) in
      let id = SessionID(counter: try await ids.next(.session), bucket: user.bucket)
      let parameters: [Parameter] = [
        .int2(user.bucket.number), .int8(id.rawValue), .int8(user.rawValue), .text(device), .bytes(nonce),
        .int8(Int64(max(1, most) - 1)), .int8(idleMax),
      ]
      return try await pool.query(Self.open, parameters).first.map(Self.session)
    }
    guard let opened else { throw .unauthenticated(.wrongCredentials) }
    return opened
  }

  /// What a refresh needs, unless the session is over.
  public func refreshState(_ session: SessionID) async throws(ChatError) -> RefreshState? {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(
        Self.state, [.int2(session.bucket.number), .int8(session.rawValue), .int8(idleMax)])
      guard let row = rows.first else { return nil }
      return RefreshState(session: try Self.session(row), nonce: try row.bytes(5), generation: try row.int8(6))
    }
  }

  /// Moves to the next generation, repeats the last move within `grace`, or ends the session; under the row's lock.
  public func rotate(_ session: SessionID, from generation: Int64, grace: Milliseconds) async throws(ChatError)
    -> Rotation
  {
    try await failure.translating { () throws(PostgresError) in
      let parameters: [Parameter] = [
        .int2(session.bucket.number), .int8(session.rawValue), .int8(generation), .int8(grace), .int8(idleMax),
      ]
      guard let row = try await pool.query(Self.rotate, parameters).first else { return .ended }
      return try row.bool(1) ? .reused : .rotated(generation: try row.int8(0))
    }
  }

  /// The user's living sessions, newest first.
  public func sessions(of user: UserID) async throws(ChatError) -> [Session] {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(Self.list, [.int2(user.bucket.number), .int8(user.rawValue), .int8(idleMax)])
      return try rows.map(Self.session)
    }
  }

  /// Ends one; true when it was alive.
  public func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Bool {
    guard session.bucket == user.bucket else { return false }
    return try await failure.translating { () throws(PostgresError) in
      let parameters: [Parameter] = [
        .int2(user.bucket.number), .int8(session.rawValue), .int8(user.rawValue), .int8(idleMax),
      ]
      return try await pool.query(Self.end, parameters).affected == 1
    }
  }

  /// Ends all of the user's; those that were alive.
  public func endAll(of user: UserID) async throws(ChatError) -> [SessionID] {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(Self.endAll, [.int2(user.bucket.number), .int8(user.rawValue), .int8(idleMax)])
      return try rows.map { (row) throws(PostgresError) in SessionID(rawValue: try row.int8(0)) }
    }
  }

  /// Those of the ids that are no longer alive or never were. Of those on a node of a Citus that is away, or silent
  /// until the time is over, nothing is told when others can be: who has signed out elsewhere is not to stay for it.
  public func ended(among sessions: [SessionID]) async throws(ChatError) -> [SessionID] {
    guard let first = sessions.first else { return [] }
    return try await failure.translating { () throws(PostgresError) in
      if sessions.count == 1 {
        let rows = try await pool.query(
          Self.aliveOne, [.int2(first.bucket.number), .int8(first.rawValue), .int8(idleMax)])
        return rows.isEmpty ? [first] : []
      }
      var ended: [SessionID] = []
      for part in sessions.parts(of: Scatter.sessionsAlive.most) {
        let answers = try await desk.byNode(Array(part), in: \.bucket.number, placesFrom: pool) {
          (some) throws(PostgresError) in try await self.ended(of: some)
        }
        ended += answers.flatMap { $0 }
      }
      return ended
    }
  }

  /// As a question of its own: one that shared with others would wait for their nodes too.
  private func ended(of sessions: [SessionID]) async throws(PostgresError) -> [SessionID] {
    let rows = try await desk.rows(
      Self.alive, [.int2s(sessions.map(\.bucket.number)), .int8s(sessions.map(\.rawValue)), .int8(idleMax)])
    var alive: Set<Int64> = []
    for row in rows { alive.insert(try row.int8(0)) }
    return sessions.filter { !alive.contains($0.rawValue) }
  }

  private static func session(_ row: Row) throws(PostgresError) -> Session {
    Session(
      id: SessionID(rawValue: try row.int8(0)), user: UserID(rawValue: try row.int8(1)),
      device: try row.optionalText(2),
      createdAt: Timestamp(milliseconds: try row.time(3)), lastSeenAt: Timestamp(milliseconds: try row.time(4)))
  }
}
