/// Where the database is and how long to wait for what. Times are milliseconds.
public struct PostgresSettings: Sendable {
  /// `postgresql://user:password@host1:5432,host2:5432/database?sslmode=require`; also libpq's `key=value` form.
  ///
  /// With several hosts the first one that accepts writing is taken, or connections are spread over all:
  /// ``HostSpreading``.
  public var url: String
  /// Shown in `pg_stat_activity`.
  public var applicationName = "martlet"
  /// Connections of one pool. A loop needs few: independent statements share a connection's pipeline.
  public var connections = 4
  /// Statements under way on one connection; more wait, so that one slow statement holds up few others.
  public var pipelineMax = 32
  /// Statements that may wait for a connection; past it they are refused at once.
  public var waitingMax = 2_048
  /// Transactions that may wait for their turn to lock one thing: a quarter of all, so that a thing which is held
  /// locked leaves room for the others; and what a bucket carries out within the time that a caller waits.
  public var waitingForLockMax = 512
  /// How long a caller waits for an answer, from asking on. Below 5 s, within which a send must be answered or refused.
  public var queryTimeout: Int64 = 4_500
  /// How long one host may take to accept a connection.
  public var connectTimeout: Int64 = 3_000
  /// The server ends a statement that takes longer, so that it does not work on for nobody.
  public var statementTimeout: Int64 = 4_000
  /// The server refuses a statement that waits longer for a lock.
  public var lockTimeout: Int64 = 2_000
  /// The server ends a session that sits in an open transaction for longer: a node that was stopped holds no locks.
  public var idleInTransactionTimeout: Int64 = 5_000
  /// The shortest wait after a failed try to connect; doubled each time, and chosen by chance below that.
  public var backoffBase: Int64 = 50
  /// The longest wait after a failed try to connect.
  public var backoffMax: Int64 = 2_000
  /// How often a statement that was the victim of a deadlock or conflict is sent again.
  public var repetitionsMax = 5
  /// Whether a server that acknowledges what it has not flushed is refused.
  public var requiresSynchronousCommit = true

  /// Whether all statements find their rows by key. Then a session plans each once, whatever its parameters, and uses
  /// indexes even on small tables, since a plan made while a table is small is kept while it grows; and of two indexes
  /// that seem to lead to one row each it takes the one that names more of the key.
  public var findsByKey = true
  /// Whether, of several hosts, the coordinator of a Citus is sought: what changes the schema.
  public var needsCoordinator = false
  /// Whether sessions may not write: what is asked of a replica must not write when it has become something else.
  public var isReadOnly = false
  /// What is left of a transaction's time, in milliseconds, when the server gives up a lock on which all of it would
  /// be spent, for that to be heard: who waits past his deadline takes the connection with him.
  var refusalTime: Int64 = 100
  /// Shared by all pools made from copies of these settings.
  var gate = ConnectGate()

  /// The defaults for that database.
  public init(url: String) { self.url = url }

  /// What is set for each session at connect.
  var options: String {
    // Statements share transactions, and each has to see what was committed before it began.
    "-c default_transaction_isolation=read\\ committed "
      + "-c statement_timeout=\(statementTimeout) -c lock_timeout=\(lockTimeout) "
      + "-c idle_in_transaction_session_timeout=\(idleInTransactionTimeout)"
      + (isReadOnly ? " -c default_transaction_read_only=on" : "")
      + (findsByKey ? PostgresSettings.planning.map { " -c " + $0 }.joined() : "")
  }

  private static let planning = [
    "plan_cache_mode=force_generic_plan", "enable_seqscan=off",
    // Compiling pays for minutes of work, and would be tried for any plan that has no index to use.
    "jit=off",
    // Else what decides between two indexes with one row to expect of each is which is lower, so the one with fewer
    // columns, however many rows it leads to. Without it they cost the same: then the one in the wanted order is
    // taken, or the one that was made last.
    "cpu_operator_cost=0",
  ]

  /// The same for statements over several shards: each has a connection for itself, so that none waits behind another
  /// one's slow machine, and the server ends what takes longer than the longest deadline of those statements.
  public func forScatter(connections: Int, longest: Int64 = 2_000) -> PostgresSettings {
    var settings = self
    settings.applicationName = applicationName + " scatter"
    settings.connections = connections
    settings.pipelineMax = 1
    settings.statementTimeout = min(statementTimeout, longest)
    return settings
  }

  /// The same for a copy that is only read, and only as long as it answers at once: no session that writes, no second
  /// try, since whoever asks knows somebody else.
  ///
  /// - Parameter deadline: how long an answer is waited for; the server ends what takes longer.
  public func forReplica(connections: Int, deadline: Int64) -> PostgresSettings {
    var settings = self
    settings.applicationName = applicationName + " replica"
    settings.connections = connections
    settings.queryTimeout = deadline
    settings.statementTimeout = deadline
    settings.repetitionsMax = 0
    settings.waitingMax = 128
    settings.requiresSynchronousCommit = false
    settings.isReadOnly = true
    return settings
  }
}
