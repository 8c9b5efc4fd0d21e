import Glibc

/// A second server that streams from the first: a replica to read from, or a standby to promote.
extension PrivatePostgres {
  /// Copies the running server and starts the copy as its hot standby.
  ///
  /// - Parameters:
  ///   - name: under which the server knows it, in `synchronous_standby_names`.
  ///   - settings: of the standby, such as `recovery_min_apply_delay=30s`.
  public func startStandby(name: String = "standby", settings: [String] = []) async throws -> PrivatePostgres {
    try await PrivatePostgres.aside { try self.copied(name, settings) }
  }

  private func copied(_ name: String, _ settings: [String]) throws -> PrivatePostgres {
    let directory = try PrivatePostgres.temporaryDirectory()
    let source = "host=127.0.0.1 port=\(port) user=martlet application_name=\(name)"
    try PrivatePostgres.run(
      PrivatePostgres.asServer([
        PrivatePostgres.binary("pg_basebackup"), "-D", "\(directory)/data", "-R", "-X", "stream", "-c", "fast",
        "--no-sync", "-d", source,
      ]))
    let port = try PrivatePostgres.freePort()
    let all =
      PrivatePostgres.defaults
      + ["port=\(port)", "unix_socket_directories=\(directory)", "primary_conninfo=\(source)"] + settings
    let arguments = PrivatePostgres.asServer(
      [PrivatePostgres.binary("postgres"), "-D", "\(directory)/data"] + all.flatMap { ["-c", $0] })
    let standby = PrivatePostgres(
      directory: directory, server: "postgresql://martlet@127.0.0.1:\(port)/", arguments: arguments)
    try standby.keepWatch()
    try standby.startAgain()
    return standby
  }

  /// Its port.
  public var port: UInt16 { server.split(separator: ":").last.flatMap { UInt16($0.dropLast()) } ?? 0 }

  /// The URL here of a database of another server that this one is a copy of.
  public func url(like url: String) -> String { server + (url.split(separator: "/").last ?? "postgres") }

  /// Waits until this standby has replayed all that the other server has written.
  public func catchUp(with primary: PrivatePostgres) async throws {
    let wanted = try await primary.sql("SELECT pg_current_wal_lsn()", in: "postgres").filter { !$0.isWhitespace }
    for _ in 0..<1_000 {
      let reached = try await sql("SELECT pg_last_wal_replay_lsn() >= '\(wanted)'::pg_lsn", in: "postgres")
      if reached.hasPrefix("t") { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Failure(what: "the standby has not reached \(wanted) in 10 s")
  }

  /// Stops replaying what arrives, until ``resumeReplay()``.
  public func pauseReplay() async throws {
    try await sql("SELECT pg_wal_replay_pause()", in: "postgres")
    for _ in 0..<500 {
      if try await sql("SELECT pg_get_wal_replay_pause_state()", in: "postgres").hasPrefix("paused") { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Failure(what: "replay does not pause")
  }

  /// Goes on replaying.
  public func resumeReplay() async throws { try await sql("SELECT pg_wal_replay_resume()", in: "postgres") }

  /// Makes a server of its own of this standby, that takes writes; waits until it does.
  public func promote() async throws {
    guard try await sql("SELECT pg_promote(true, 30)", in: "postgres").hasPrefix("t") else {
      throw Failure(what: "the standby is not promoted after 30 s")
    }
  }
}
