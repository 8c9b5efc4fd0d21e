/// One step of the schema: a numbered SQL file in `Migrations/`, built into the binary. Forward only: a step is never
/// changed once it has been released, and first adds what a later one takes away.
public struct Migration: Sendable {
  /// Its number; 1, 2, 3 …
  public let version: Int32
  /// Its file's name.
  public let name: String
  /// What it does.
  public let sql: String
  /// The oldest schema version whose nodes may go on running beside this one: its line `-- readable-from: 1`.
  public let readableFrom: Int32

  init(_ version: Int32, _ name: String, _ bytes: [UInt8]) {
    self.init(version: version, name: name, sql: String(decoding: bytes, as: UTF8.self))
  }

  /// A step of that text.
  public init(version: Int32, name: String, sql: String) {
    self.version = version
    self.name = name
    self.sql = sql
    let mark = "-- readable-from: "
    let line = sql.split(separator: "\n").first { $0.hasPrefix(mark) }
    readableFrom = line.flatMap { Int32($0.dropFirst(mark.count)) } ?? version
  }

  /// All steps, ascending.
  public static let all = [
    Migration(1, "0001_core.sql", PackageResources._001_core_sql),
    Migration(6, "0006_pictures.sql", PackageResources._006_pictures_sql),
    Migration(7, "0007_messages.sql", PackageResources._007_messages_sql),
    Migration(8, "0008_contacts.sql", PackageResources._008_contacts_sql),
    Migration(9, "0009_files.sql", PackageResources._009_files_sql),
    Migration(10, "0010_profiles.sql", PackageResources._010_profiles_sql),
    Migration(11, "0011_citus.sql", PackageResources._011_citus_sql),
    Migration(12, "0012_plans.sql", PackageResources._012_plans_sql),
    Migration(13, "0013_sending.sql", PackageResources._013_sending_sql),
    Migration(14, "0014_sharing.sql", PackageResources._014_sharing_sql),
    Migration(15, "0015_kept_plans.sql", PackageResources._015_kept_plans_sql),
    Migration(16, "0016_old_sessions.sql", PackageResources._016_old_sessions_sql),
    Migration(17, "0017_account_cleanup.sql", PackageResources._017_account_cleanup_sql),
    Migration(18, "0018_account_looks.sql", PackageResources._018_account_looks_sql),
  ]

  /// The version that this binary's statements are written for.
  public static let known: Int32 = all.last?.version ?? 0
}
