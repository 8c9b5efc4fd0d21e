import IORuntime
import Postgres

/// What `martlet doctor` finds out of each replica: whether it follows the database that is written to, and how far
/// behind it is.
struct DoctorReplicas {
  /// Past this pages of busy conversations all come from the primary, so that the replica is of little use.
  private static let lagMax: Int64 = 10_000

  /// A primary that was promoted a moment ago has the old timeline in its last checkpoint, and the new one in the name
  /// of the file that it writes.
  private static let standing = Statement(
    "doctor.replica",
    """
    SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system()),
      CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint END,
      greatest((SELECT timeline_id FROM pg_control_checkpoint()),
        (SELECT received_tli FROM pg_stat_wal_receiver),
        CASE WHEN NOT pg_is_in_recovery()
          THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END)
    """)

  private let configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  /// Checks them all; true when nothing is wrong, or there is none.
  func check(_ loop: EventLoop, say: (Bool, String) -> Void) async -> Bool {
    let hosts: [PostgresSettings]
    do throws(PostgresError) {
      hosts = try configuration.replicaSettings()
    } catch {
      say(false, "\(error)")
      return false
    }
    guard !hosts.isEmpty else { return true }
    let primary = try? await row(loop, configuration.postgresSettings)
    var allFit = true
    for (number, host) in hosts.enumerated() {
      let finding: Finding
      do throws(PostgresError) {
        finding = try await Finding(row(loop, host), primary: primary)
      } catch {
        finding = .fault("\(error): is MARTLET_DATABASE_REPLICA_URL right, and the standby running?")
      }
      let name = hosts.count > 1 ? "host \(number + 1): " : ""
      switch finding {
      case .fits(let lag): say(true, name + "a standby of the database, \(lag) ms behind")
      case .fault(let sentence):
        say(false, name + sentence)
        allFit = false
      }
    }
    return allFit
  }

  private enum Finding {
    case fits(lag: Int64)
    case fault(String)

    init(_ row: Row, primary: Row?) throws(PostgresError) {
      let lag = try row.optionalInt8(2) ?? 0
      guard try row.bool(0) else {
        self = .fault("is no standby: pages are read from the primary; name its standbys only")
        return
      }
      if let primary, try primary.int8(1) != row.int8(1) {
        self = .fault("is a standby of another database than MARTLET_DATABASE_URL; copy it anew by pg_basebackup")
      } else if let primary, try row.int4(3) < primary.int4(3) {
        self = .fault(
          """
          follows an older timeline (\(try row.int4(3))) than the primary (\(try primary.int4(3))): what the new \
          primary wrote never reaches it; copy it anew by pg_basebackup, unless it has just switched
          """)
      } else if lag > DoctorReplicas.lagMax {
        self = .fault(
          "is \(lag) ms behind: what was said since is read from the primary; see pg_stat_replication there")
      } else {
        self = .fits(lag: lag)
      }
    }
  }

  private func row(_ loop: EventLoop, _ settings: PostgresSettings) async throws(PostgresError) -> Row {
    var settings = settings
    settings.connections = 1
    let pool = try PostgresPool(loop: loop, settings: settings)
    pool.start()
    defer { pool.close() }
    guard let row = try await pool.query(Self.standing, timeout: 4_500).first else {
      throw .unexpectedReply("no row from \(Self.standing.name)")
    }
    return row
  }
}
