import Glibc
import Synchronization

/// The server that `MARTLET_TEST_DATABASE_URL` names: a plain one, or a Citus by any of its nodes.
///
/// - Shape: `postgresql://ada:secret@node1:5432,node2:5432/chat?load_balance_hosts=random`. The role may make
///   databases; on a Citus it is a superuser with the same password on every node, and the nodes reach each other
///   without asking for one. The names in `pg_dist_node` can be reached from here.
/// - Isolation: immutable; its functions block.
struct GivenServer: Sendable {
  /// A node as `pg_dist_node` tells it.
  struct Node: Sendable {
    let host: String
    let port: String
    let isCoordinator: Bool
    let holdsShards: Bool
  }

  private let scheme: Substring
  private let user: Substring
  private let hosts: Substring
  private let parameters: [Substring]
  /// Its nodes, the coordinator first; none of a plain server.
  let nodes: [Node]
  /// The databases that are to be dropped when the process ends.
  private let ledger: String

  var isCitus: Bool { !nodes.isEmpty }

  /// Looks at the server.
  init(_ url: String) throws {
    let parts = url.split(separator: "?", maxSplits: 1)
    let path = (parts.first ?? "").split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard path.count >= 3 else { throw PrivatePostgres.Failure(what: "MARTLET_TEST_DATABASE_URL has no host") }
    scheme = path[0]
    let authority = path[2]
    let at = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
    user = authority[..<at]
    hosts = authority[at...]
    parameters = parts.count > 1 ? parts[1].split(separator: "&") : []
    nodes = try GivenServer.nodes(of: url)
    ledger = try PrivatePostgres.temporaryDirectory()
    try keepWatch()
    try checkRoom()
  }

  /// Whether a URL leads here.
  func owns(_ url: String) -> Bool { url.hasPrefix("\(scheme)//\(user)\(hosts)/") }

  /// What tests connect to: the URL as it was given, with that database.
  func url(of database: String) -> String {
    GivenServer.url(scheme, user, hosts, database, parameters.joined(separator: "&"))
  }

  /// The same to the only node that changes schemas, or to the writable one of a plain server's hosts.
  func coordinatorURL(of database: String) -> String {
    if let first = nodes.first { return url(of: database, on: first) }
    let walks = hosts.contains(",") && !forPsql.contains("target_session_attrs=")
    let writable = walks ? [forPsql, "target_session_attrs=read-write"].filter { !$0.isEmpty } : [forPsql]
    return GivenServer.url(scheme, user, hosts, database, writable.joined(separator: "&"))
  }

  /// Runs SQL by psql where schemas may be changed; `database` is a name, or a URL of ``url(of:)``.
  func sql(_ text: String, in database: String) throws -> String {
    try GivenServer.psql(text, coordinatorURL(of: GivenServer.name(of: database)))
  }

  /// A node that is added is told of all roles, and two who tell one node of the same role fail.
  private static let making = Mutex(())

  /// Makes a database; on a Citus one on each node, which then know each other, unless it is to be plain.
  func make(_ name: String, distributed: Bool) throws {
    try note(name)
    try Self.making.withLock { _ in try make(name, on: isCitus && distributed ? nodes : []) }
  }

  private func make(_ name: String, on nodes: [Node]) throws {
    guard !nodes.isEmpty else { return try GivenServer.createDatabase(name, coordinatorURL(of: "postgres")) }
    for node in nodes {
      try GivenServer.createDatabase(name, url(of: "postgres", on: node))
      // It may be in what new databases are copied from.
      _ = try GivenServer.psql("CREATE EXTENSION IF NOT EXISTS citus", url(of: name, on: node))
    }
    for node in nodes {
      if node.isCoordinator {
        _ = try sql("SELECT citus_set_coordinator_host('\(node.host)', \(node.port))", in: name)
        guard node.holdsShards else { continue }
        _ = try sql(
          "SELECT citus_set_node_property('\(node.host)', \(node.port), 'shouldhaveshards', true)", in: name)
      } else {
        _ = try sql("SELECT citus_add_node('\(node.host)', \(node.port))", in: name)
      }
    }
  }

  /// Drops it wherever it is.
  func drop(_ database: String) {
    let name = GivenServer.name(of: database)
    for url in maintenanceURLs {
      _ = try? GivenServer.psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", url)
    }
  }

  private var maintenanceURLs: [String] {
    isCitus ? nodes.map { url(of: "postgres", on: $0) } : [coordinatorURL(of: "postgres")]
  }

  // MARK: Finding out

  /// What a Citus says of its nodes; none when the URL's database is no Citus.
  private static func nodes(of url: String) throws -> [Node] {
    guard try psql("SELECT 1 FROM pg_extension WHERE extname = 'citus'", url).hasPrefix("1") else { return [] }
    let rows = try psql(
      """
      SELECT nodename, nodeport, groupid = 0, shouldhaveshards FROM pg_dist_node WHERE noderole = 'primary'
      ORDER BY groupid
      """, url)
    let nodes = rows.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }.filter { $0.count == 4 }
      .map { Node(host: $0[0], port: $0[1], isCoordinator: $0[2] == "t", holdsShards: $0[3] == "t") }
    if nodes.first?.isCoordinator == true { return nodes }
    // A coordinator that was never named to the others may be the very host that the URL names.
    guard let itself = onlyHost(of: url), try psql("SELECT groupid FROM pg_dist_local_group", url).hasPrefix("0\n")
    else {
      throw PrivatePostgres.Failure(what: "the Citus does not know its coordinator: citus_set_coordinator_host(…)")
    }
    return [itself] + nodes
  }

  private static func onlyHost(of url: String) -> Node? {
    guard let authority = url.split(separator: "/").dropFirst().first, !authority.contains(","),
      let parts = authority.split(separator: "@").last?.split(separator: ":"), let host = parts.first
    else { return nil }
    return Node(
      host: String(host), port: parts.count > 1 ? String(parts[1]) : "5432", isCoordinator: true, holdsShards: false)
  }

  /// Two clusters of four nodes with a loop of four connections each (``LocalCluster/sparing``) take 32, the stores'
  /// tests up to 50, what runs beside them and what a server keeps for superusers the rest.
  static let connectionsLeast = 100

  /// Says at once what would fail somewhere in the middle.
  private func checkRoom() throws {
    for url in maintenanceURLs {
      let most = Int(try GivenServer.psql("SHOW max_connections", url).filter(\.isNumber)) ?? 0
      guard most >= GivenServer.connectionsLeast else {
        throw PrivatePostgres.Failure(
          what: """
            the server of MARTLET_TEST_DATABASE_URL has max_connections = \(most); the tests need \
            \(GivenServer.connectionsLeast), on each node of a Citus
            """)
      }
    }
  }

  private func url(of database: String, on node: Node) -> String {
    GivenServer.url(scheme, user, "\(node.host):\(node.port)"[...], database, forPsql)
  }

  /// Debian's psql is of libpq 15 and does not know libpq 16's word.
  private var forPsql: String { parameters.filter { !$0.hasPrefix("load_balance_hosts=") }.joined(separator: "&") }

  static func name(of database: String) -> String {
    guard database.contains("://") else { return database }
    return String((database.split(separator: "/").last ?? "").prefix { $0 != "?" })
  }

  private static func url(
    _ scheme: Substring, _ user: Substring, _ hosts: Substring, _ database: String, _ parameters: some StringProtocol
  ) -> String {
    "\(scheme)//\(user)\(hosts)/\(database)" + (parameters.isEmpty ? "" : "?" + String(parameters))
  }

  /// On that node alone, though a Citus may be set to make each database on all of them.
  private static func createDatabase(_ name: String, _ url: String) throws {
    let alone = """
      SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'citus.enable_create_database_propagation'
      """
    _ = try psql(alone, "CREATE DATABASE \(name)", url: url)
  }

  /// Each text goes alone, and is its own transaction.
  private static func psql(_ texts: String..., url: String) throws -> String {
    let known = url.replacing(/([?&])load_balance_hosts=\w*&?/) { $0.1 }
    // Notices and warnings are no answer: a Citus warns in each session of a database for whose background worker it
    // has no room (max_worker_processes).
    return try PrivatePostgres.run(
      [
        "env", "PGOPTIONS=-c client_min_messages=error", PrivatePostgres.binary("psql"), "-qAtX", "-v",
        "ON_ERROR_STOP=1", "-d", known,
      ] + texts.flatMap { ["-c", $0] })
  }

  private static func psql(_ text: String, _ url: String) throws -> String { try psql(text, url: url) }

  // MARK: The end

  /// A shell that outlives this process and drops what it has left.
  private func keepWatch() throws {
    let urls = maintenanceURLs.joined(separator: "\n") + "\n"
    try GivenServer.write(urls, to: "\(ledger)/urls")
    try GivenServer.write("", to: "\(ledger)/names")
    let script = """
      cat >/dev/null
      while read -r name; do while read -r url; do
        "$1" -qAtX -d "$url" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" >/dev/null 2>&1 </dev/null
      done <"$0/urls"; done <"$0/names"
      rm -rf "$0"
      """
    // Never cut: its line stays open as long as the process lives.
    _ = try Watchdog(script, [ledger, PrivatePostgres.binary("psql")])
  }

  private func note(_ name: String) throws { try GivenServer.write(name + "\n", to: "\(ledger)/names") }

  private static func write(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard descriptor >= 0 else { throw PrivatePostgres.Failure(what: path) }
    defer { close(descriptor) }
    _ = text.utf8CString.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count - 1) }
  }
}
