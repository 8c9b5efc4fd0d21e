import ChatCore
import IORuntime
import Postgres
import PostgresStore
import Redis

/// `martlet doctor`: checks what a node needs, one line each, and says what to do about what is wrong.
///
/// - Shape: `ok   database   PostgreSQL answers, the schema fits`, or `FAIL redis      …`; exit code 1 when anything
///   failed.
enum Doctor {
  /// How far the clocks of this machine and the database may differ, in milliseconds: tokens allow for 30 s.
  private static let clockSkewMax: Int64 = 5_000

  static func run(_ invocation: Program.Invocation) -> Int32 {
    switch invocation.arguments {
    case []: break
    case ["--live"]: return Live.run(Probes.health, invocation)
    case ["--ready"]: return Live.run(Probes.readiness, invocation)
    default: return Program.refuse("doctor takes --live, --ready or nothing.")
    }
    let configuration: Configuration
    do throws(ConfigurationError) {
      configuration = try Configuration.read(invocation.environment, for: .serve)
    } catch {
      for sentence in error.sentences { say(false, "settings", sentence) }
      return OneLoop.wrongSettings
    }
    say(true, "settings", "\(configuration.summary.count) differ from the defaults, none is wrong")
    return OneLoop.run { loop in
      let keys = check("keys", checkKeys(configuration))
      let database = await checkDatabase(loop, configuration)
      let redis = await checkRedis(loop, configuration)
      return keys && database && redis ? 0 : 1
    }
  }

  private static func checkKeys(_ configuration: Configuration) -> Result<String, StartFailure> {
    do throws(StartFailure) {
      _ = try Secrets(configuration, isDevelopment: false)
      return .success("access and refresh tokens can be signed")
    } catch {
      return .failure(error)
    }
  }

  private static func checkDatabase(_ loop: EventLoop, _ configuration: Configuration) async -> Bool {
    var settings = configuration.postgresSettings
    settings.connections = 1
    do throws(PostgresError) {
      let pool = try PostgresPool(loop: loop, settings: settings)
      pool.start()
      defer { pool.close() }
      try await Migrator(pool: pool).check()
      let schema = check("database", .success("PostgreSQL answers, the schema fits"))
      let theirs = try await pool.query(clock).first?.int8(0) ?? 0
      let apart = abs(theirs - SystemClock().now.milliseconds)
      let clocks = apart <= clockSkewMax
      say(
        clocks, "clock",
        clocks
          ? "within \(apart) ms of the database's"
          : "\(apart) ms away from the database's: set both by NTP, tokens depend on it")
      return schema && clocks
    } catch {
      if case .misconfigured(let sentence) = error { return check("database", .failure(StartFailure(sentence))) }
      return check(
        "database", .failure(StartFailure("\(error): is MARTLET_DATABASE_URL right, and PostgreSQL running?")))
    }
  }

  private static let clock = Statement(
    "doctor.clock", "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")

  private static func checkRedis(_ loop: EventLoop, _ configuration: Configuration) async -> Bool {
    let settings: RedisSettings
    do throws(StartFailure) {
      settings = try configuration.redisSettings(client: "doctor")
    } catch {
      return check("redis", .failure(error))
    }
    let client = RedisClient(loop: loop, settings: settings)
    client.start()
    defer { client.close() }
    guard await client.connected(within: 3_000) else {
      let reason = client.counters.lastError.map { "\($0)" } ?? "no answer within 3 s"
      return check("redis", .failure(StartFailure("\(reason): is MARTLET_REDIS_URL right, and Redis running?")))
    }
    do throws(RedisError) {
      _ = try await client.command(RedisCommand("SPUBLISH", "\(configuration.shared.redisPrefix)doctor", ""))
      return check("redis", .success("Redis answers and knows sharded channels"))
    } catch {
      return check("redis", .failure(StartFailure("\(error): Redis 7 is needed, for sharded channels (SPUBLISH)")))
    }
  }

  private static func check(_ what: String, _ result: Result<String, StartFailure>) -> Bool {
    switch result {
    case .success(let sentence):
      say(true, what, sentence)
      return true
    case .failure(let failure):
      say(false, what, failure.description)
      return false
    }
  }

  private static func say(_ isRight: Bool, _ what: String, _ sentence: String) {
    let name = what + String(repeating: " ", count: max(1, 10 - what.utf8.count))
    Terminal.print("\(isRight ? "ok  " : "FAIL") \(name) \(sentence)")
  }
}
