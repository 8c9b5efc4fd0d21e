import Postgres

/// Cutting the tables into shards on a Citus.
///
/// All tables lie in one co-location group, so that what has one bucket lies on one machine, of whichever of the two
/// worlds it is: a user is registered, with his own conversation, in one transaction of one node. `schema_version` is
/// on every node, since nodes ask it wherever they are connected.
extension Migrator {
  /// What was done to the tables.
  public enum Distribution: Sendable, Hashable {
    /// The server is a plain one, or its tables stay on the coordinator.
    case none
    /// The tables lie in that many shards; those named were cut now.
    case distributed(shards: Int, now: [String])
    /// A Citus whose tables all lie on the coordinator: `--citus` was not asked for.
    case notAsked
  }

  /// As many as Citus takes by itself: enough for as many machines, and few for a statement that asks all of them.
  public static let shardsDefault = 32
  /// One for each bucket.
  public static let shardsMax = 4_096

  /// A setting that Citus does not pass on, since it passes on SET alone.
  static let idle = Statement(
    "citus.idle", "SELECT set_config('idle_in_transaction_session_timeout', '5s', true)")
  /// One multi-shard command after the other on one connection for each node: else a command may not follow another
  /// that had used several. Without the second, functions made before their tables are distributed would be checked on
  /// workers that do not know the tables.
  static let sequential = Statement(
    "citus.sequential", "SELECT set_config('citus.multi_shard_modify_mode', 'sequential', true)")
  static let unpropagated = Statement(
    "citus.unpropagated", "SELECT set_config('citus.enable_ddl_propagation', 'off', true)")
  static let isDistributed = Statement(
    "citus.is_distributed",
    "SELECT 1 FROM pg_dist_partition p WHERE p.logicalrelid = to_regclass('\(CitusStanding.anchor)')")
  /// Foreign keys that begin or end at a table which is to be distributed.
  static let foreignKeys = Statement(
    "citus.foreign_keys",
    """
    SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c
    WHERE c.contype = 'f' AND c.conparentid = 0 AND EXISTS (
      SELECT 1 FROM unnest($1::text[]) AS t (name) WHERE to_regclass(t.name) IN (c.conrelid, c.confrelid))
    ORDER BY 1, 2
    """)
  static let functions = Statement(
    "citus.functions",
    """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = (SELECT c.relnamespace FROM pg_class c WHERE c.oid = to_regclass('\(CitusStanding.anchor)'))
      AND p.proargnames[1] = 'the_bucket' AND NOT EXISTS (
        SELECT 1 FROM pg_dist_object o WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid
          AND o.distribution_argument_index = 0)
    ORDER BY 1
    """)
  static let leftBehind = Statement(
    "citus.left_behind",
    """
    SELECT t.name FROM unnest($1::text[]) AS t (name) WHERE pg_relation_size(to_regclass(t.name)) > 0
      AND EXISTS (SELECT 1 FROM pg_dist_partition p WHERE p.logicalrelid = to_regclass(t.name))
    """)

  /// Distributes what is not, all in one transaction: it is done as a whole or not at all.
  func distribute(shards: Int) async throws(PostgresError) -> Distribution {
    let now = try await whenUnlocked { () throws(PostgresError) in try await distributeTables(shards: shards) }
    _ = try await whenUnlocked { () throws(PostgresError) in try await registerFunctions() }
    try await whenUnlocked { () throws(PostgresError) in try await dropLeftBehind() }
    let standing = try await CitusStanding.read(from: pool)
    return .distributed(shards: standing?.shards ?? 0, now: now)
  }

  /// What each transaction on a Citus begins with. The connection's own patience ends at the coordinator: on the
  /// workers a step would wait for a lock behind a long transaction for as long as that takes, and all traffic behind
  /// it; and what their role is held to otherwise would end a session that copies rows, or waits while others do. The
  /// coordinator's session, with which theirs end, is held to it again.
  static func begin(_ transaction: PostgresTransaction) async throws(PostgresError) {
    for setting in [
      "citus.propagate_set_commands TO 'local'", "lock_timeout TO '2s'", "statement_timeout TO 0",
      "idle_in_transaction_session_timeout TO 0",
    ] {
      try await transaction.script("SET LOCAL \(setting)")
    }
    _ = try await transaction.query(Self.idle)
    _ = try await transaction.query(Self.sequential)
  }

  private func distributeTables(shards: Int) async throws(PostgresError) -> [String] {
    try await pool.transaction { (transaction) throws(PostgresError) in
      _ = try await transaction.query(Self.lock)
      try await Self.begin(transaction)
      let local = try await Self.names(
        CitusStanding.local, [.texts(CitusStanding.tables + [CitusStanding.everywhere])], in: transaction)
      guard !local.isEmpty else { return [] }
      // A key between a distributed table and one that is not is refused.
      let keys = try await transaction.query(Self.foreignKeys, [.texts(local)])
        .map { (row) throws(PostgresError) in (table: try row.text(0), name: try row.text(1), rule: try row.text(2)) }
      for key in keys { try await transaction.script("ALTER TABLE \(key.table) DROP CONSTRAINT \(key.name)") }
      for table in local { try await transaction.script(Self.distributing(table, shards: shards)) }
      for key in keys {
        try await transaction.script("ALTER TABLE \(key.table) ADD CONSTRAINT \(key.name) \(key.rule)")
      }
      return local
    }
  }

  /// Citus sends a call of a registered function to the node that has its bucket.
  private func registerFunctions() async throws(PostgresError) -> Int {
    try await pool.transaction { (transaction) throws(PostgresError) in
      _ = try await transaction.query(Self.lock)
      try await Self.begin(transaction)
      let names = try await Self.names(Self.functions, [], in: transaction)
      for name in names {
        try await transaction.script(
          "SELECT create_distributed_function('\(name.replacing("'", with: "''"))', '$1', "
            + "colocate_with => '\(CitusStanding.anchor)')")
      }
      return names.count
    }
  }

  /// The rows from which shards were filled stay on the coordinator, unseen, until they are dropped.
  private func dropLeftBehind() async throws(PostgresError) {
    try await pool.transaction { (transaction) throws(PostgresError) in
      _ = try await transaction.query(Self.lock)
      for table in try await Self.names(Self.leftBehind, [.texts(CitusStanding.tables)], in: transaction) {
        try await transaction.script("SELECT truncate_local_data_after_distributing_table('\(table)')")
      }
    }
  }

  /// The call that distributes a table; its name is one of the migrations'.
  static func distributing(_ table: String, shards: Int) -> String {
    switch table {
    case CitusStanding.everywhere: "SELECT create_reference_table('\(table)')"
    case CitusStanding.anchor:
      "SELECT create_distributed_table('\(table)', 'bucket', colocate_with => 'none', shard_count => \(shards))"
    default: "SELECT create_distributed_table('\(table)', 'bucket', colocate_with => '\(CitusStanding.anchor)')"
    }
  }

  private static func names(
    _ statement: Statement, _ parameters: [Parameter], in transaction: PostgresTransaction
  ) async throws(PostgresError) -> [String] {
    try await transaction.query(statement, parameters).map { (row) throws(PostgresError) in try row.text(0) }
  }
}
