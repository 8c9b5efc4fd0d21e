/// What is asked of a server before a connection to it is used.
enum SessionCheck {
  static let statement = Statement(
    "session.check", "SELECT current_setting('synchronous_commit'), current_setting('server_encoding')")

  /// An acknowledgement means that the commit is on disk, and text means UTF-8.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)``: a sentence that says what to set.
  static func verify(_ results: [Rows], _ settings: PostgresSettings) throws(PostgresError) {
    guard let row = results.first?.first else { throw .unexpectedReply("no row from \(statement.name)") }
    let commit = try row.text(0)
    if settings.requiresSynchronousCommit, commit == "off" || commit == "local" {
      throw .misconfigured(
        "synchronous_commit is \(commit) on the database; it must be on, remote_write or remote_apply.")
    }
    let encoding = try row.text(1)
    if encoding != "UTF8" { throw .misconfigured("The database's encoding is \(encoding); it must be UTF8.") }
  }
}
