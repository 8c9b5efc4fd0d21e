import IORuntime
import Postgres
import PostgresStore

/// Whether there are logs in which nobody can write any more.
extension Doctor {
  static func checkLogs(_ loop: EventLoop, _ configuration: Configuration) async -> Bool {
    var settings = configuration.postgresSettings
    settings.connections = 1
    do throws(PostgresError) {
      let pool = try PostgresPool(loop: loop, settings: settings)
      pool.start()
      defer { pool.close() }
      let findings = try await LogCheck.run(on: pool)
      for finding in findings { say(false, "logs", "\(finding)") }
      if findings.count >= LogCheck.findingsMax { say(false, "logs", "there may be more: run it again after these") }
      return findings.isEmpty && check("logs", .success("no head and no counter is behind its log"))
    } catch {
      return check("logs", .failure(StartFailure("\(error)")))
    }
  }
}
