import Postgres

/// What a database that is a Citus says of itself, and of Martlet's tables in it.
///
/// - Source: Citus' documentation, "Metadata tables"; pg_dist_node, pg_dist_partition and pg_dist_object are the same
///   on every node.
public struct CitusStanding: Sendable, Hashable {
  /// A machine of it.
  public struct Node: Sendable, Hashable {
    /// How the others reach it: `worker-1:5432`.
    public let address: String
    /// Whether it may hold shards.
    public let holdsShards: Bool
    /// Whether it takes part, and knows where everything lies, so that clients may ask it.
    public let isReady: Bool
  }

  /// The extension's version.
  public let version: String
  /// Whether this is the coordinator, the only one that changes schemas.
  public let isCoordinator: Bool
  /// Its nodes, the coordinator first when it is one of them.
  public let nodes: [Node]
  /// Martlet's tables that lie on one node only.
  public let localTables: [String]
  /// Into how many shards the tables are cut; nil when they are not.
  public let shards: Int?

  /// Whether Martlet's tables are cut into shards, so that new ones must be too.
  public var isDistributed: Bool { shards != nil }

  static let extensionVersion = Statement(
    "citus.version", "SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'citus'", repeatable: true)
  static let installable = Statement(
    "citus.installable", "SELECT 1 FROM pg_catalog.pg_available_extensions e WHERE e.name = 'citus'", repeatable: true)
  static let group = Statement("citus.group", "SELECT l.groupid FROM pg_dist_local_group l", repeatable: true)
  static let members = Statement(
    "citus.nodes",
    """
    SELECT n.nodename || ':' || n.nodeport, n.shouldhaveshards,
      n.isactive AND (n.groupid = 0 OR n.hasmetadata AND n.metadatasynced)
    FROM pg_dist_node n WHERE n.noderole = 'primary' ORDER BY n.groupid
    """, repeatable: true)
  static let local = Statement(
    "citus.local_tables",
    """
    SELECT t.name FROM unnest($1::text[]) WITH ORDINALITY AS t (name, place)
    WHERE to_regclass(t.name) IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM pg_dist_partition p WHERE p.logicalrelid = to_regclass(t.name))
    ORDER BY t.place
    """, repeatable: true)
  static let shardCount = Statement(
    "citus.shards",
    "SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = to_regclass('\(anchor)')", repeatable: true)

  /// The table that all others lie beside.
  static let anchor = "bucket_seq"
  /// The table that has no bucket and is on every node.
  static let everywhere = "schema_version"

  /// Martlet's tables that have a bucket, the anchor first.
  static let tables: [String] = {
    let made = Migration.all.flatMap { SQLScript($0.sql).commands.compactMap(SQLScript.tableMade) }
    return [anchor] + made.filter { $0 != anchor }
  }()

  /// How it stands; nil when the database is no Citus.
  public static func read(from pool: PostgresPool) async throws(PostgresError) -> CitusStanding? {
    // The first question of a migrator, whose patience with an answer is not meant for a database that is away.
    let version = try await pool.query(extensionVersion, timeout: min(pool.patience, 600_000)).first?.text(0)
    guard let version else { return nil }
    let group = try await pool.query(group).first?.int4(0) ?? 0
    let nodes = try await pool.query(members).map { (row) throws(PostgresError) in
      Node(address: try row.text(0), holdsShards: try row.bool(1), isReady: try row.bool(2))
    }
    let local = try await pool.query(local, [.texts(tables + [everywhere])])
    let shards = try await pool.query(shardCount).first?.int8(0) ?? 0
    return CitusStanding(
      version: version, isCoordinator: group == 0, nodes: nodes,
      localTables: try local.map { (row) throws(PostgresError) in try row.text(0) },
      shards: shards > 0 ? Int(clamping: shards) : nil)
  }

  /// Asked of every node, those without shards too: each commits what it was sent.
  static let commits = Statement(
    "citus.commits",
    """
    SELECT coalesce(n.nodename || ':' || n.nodeport, 'node ' || r.nodeid), r.success, r.result
    FROM run_command_on_all_nodes('SHOW synchronous_commit') r LEFT JOIN pg_dist_node n ON n.nodeid = r.nodeid
    ORDER BY 1
    """, repeatable: true)

  /// Nodes that would acknowledge what is not on their disk, or do not say, with what they said: `worker-1:5432 (off)`.
  /// A worker commits by its own settings, which a connection to another node does not see.
  public static func careless(on pool: PostgresPool) async throws(PostgresError) -> [String] {
    var careless: [String] = []
    for row in try await pool.query(commits) {
      let said = try row.bool(1) ? row.optionalText(2) : nil
      if let said, ["on", "remote_write", "remote_apply"].contains(said) { continue }
      careless.append("\(try row.text(0)) (\(said ?? "no answer"))")
    }
    return careless
  }

  /// Why tables cannot be distributed here, a sentence for the operator; nil when they can.
  var obstacle: String? {
    if !nodes.contains(where: \.holdsShards) {
      return """
        No node of this Citus holds shards: run SELECT citus_set_coordinator_host('<this host>', <port>), then \
        SELECT citus_add_node('<host>', <port>) for each worker; or, for one machine alone, \
        SELECT citus_set_node_property('<this host>', <port>, 'shouldhaveshards', true).
        """
    }
    let late = nodes.filter { !$0.isReady }.map(\.address)
    guard !late.isEmpty else { return nil }
    return """
      These nodes of Citus are inactive or do not know yet where everything lies: \(late.joined(separator: ", ")). \
      See SELECT * FROM pg_dist_node; SELECT citus_activate_node('<host>', <port>) and \
      SELECT start_metadata_sync_to_all_nodes() mend it.
      """
  }

  /// What is said to who changes the schema through a worker.
  static let workerSentence = """
    This is a worker of Citus, and schemas are changed through the coordinator only: name the coordinator's host in \
    MARTLET_DATABASE_URL.
    """

  /// What is said to who wants Citus where there is none.
  static func absence(on pool: PostgresPool) async throws(PostgresError) -> String {
    guard try await pool.query(installable).isEmpty else {
      return """
        This database is no Citus yet: run CREATE EXTENSION citus; in it on every node, then tell the coordinator of \
        its workers with SELECT citus_add_node('<host>', <port>).
        """
    }
    return """
      This is a plain PostgreSQL, without Citus: `martlet migrate` without --citus is all it needs. Otherwise install \
      Citus on every node and name it in shared_preload_libraries.
      """
  }
}
