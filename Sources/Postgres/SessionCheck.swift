/// What is asked of a server before a connection to it is used.
enum SessionCheck {
  /// Whether it is a Citus is asked too, and then statements may be planned for their parameters again: Citus finds a
  /// shard by the value of its bucket, so that of a plan for all values it carries out only the simplest.
  static let statement = Statement(
    "session.check",
    """
    SELECT current_setting('synchronous_commit'), current_setting('server_encoding'), citus.there,
      CASE WHEN citus.there THEN set_config('plan_cache_mode', 'auto', false) END,
      current_setting('lock_timeout'), current_setting('default_transaction_isolation')
    FROM (SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extname = 'citus') AS there) citus
    """)

  /// An acknowledgement means that the commit is on disk, text means UTF-8, and the session has the settings that were
  /// given to it: a pooler in between may drop them, and with them all that ends what hangs.
  ///
  /// - Returns: whether the server is a node of a Citus.
  /// - Throws: ``PostgresError/misconfigured(_:)``: a sentence that says what to set.
  static func verify(_ results: [Rows], _ settings: PostgresSettings) throws(PostgresError) -> Bool {
    guard let row = results.first?.first else { throw .unexpectedReply("no row from \(statement.name)") }
    let commit = try row.text(0)
    if settings.requiresSynchronousCommit, commit == "off" || commit == "local" {
      throw .misconfigured(
        "synchronous_commit is \(commit) on the database; it must be on, remote_write or remote_apply.")
    }
    let encoding = try row.text(1)
    if encoding != "UTF8" { throw .misconfigured("The database's encoding is \(encoding); it must be UTF8.") }
    let (patience, isolation) = (try row.text(4), try row.text(5))
    guard patience != "0" || settings.lockTimeout == 0, isolation == "read committed" else {
      throw .misconfigured(
        "Sessions lack what is set for them at connect (lock_timeout is \(patience), default_transaction_isolation is "
          + "\(isolation)): \(withoutPooler) that drops `options`.")
    }
    return try row.bool(2)
  }

  private static let withoutPooler = "the database URL must lead to PostgreSQL itself, not to a pooler"

  /// What a failure of the check means: a new session has no prepared statements.
  static func meaning(of error: PostgresError) -> PostgresError {
    guard let state = error.sqlstate, ["42P05", "26000"].contains(state) else { return error }
    return .misconfigured(
      "A session has other prepared statements than it was given (\(state)): \(withoutPooler) that shares sessions.")
  }

  /// On a Citus only, where the table is.
  static let group = Statement("session.group", "SELECT l.groupid FROM pg_dist_local_group l")

  /// - Throws: ``PostgresError/misconfigured(_:)`` when it is a worker.
  static func verifyCoordinator(_ results: [Rows]) throws(PostgresError) {
    guard try results.first?.first?.int4(0) == 0 else {
      throw .misconfigured("None of the database URL's hosts is the coordinator of the Citus, which changes schemas.")
    }
  }
}
