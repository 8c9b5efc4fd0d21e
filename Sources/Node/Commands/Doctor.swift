import ChatCore
import IORuntime
import Postgres
import PostgresStore

/// `martlet doctor`: checks what a node needs, one line each, and says what to do about what is wrong.
///
/// - Shape: `ok   database   PostgreSQL answers, the schema fits`, or `FAIL redis      …`; exit code 1 when anything
///   failed. With `--logs` also all heads and counters, which takes a while.
enum Doctor {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    let readsLogs = invocation.arguments == ["--logs"]
    switch invocation.arguments {
    case [], ["--logs"]: break
    case ["--live"]: return Live.run(Probes.health, invocation)
    case ["--ready"]: return Live.run(Probes.readiness, invocation)
    default: return Program.refuse("doctor takes --live, --ready, --logs or nothing.")
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
      let tls = checkTLS(configuration.serving)
      let database = await checkDatabase(loop, configuration)
      let replicas = await DoctorReplicas(configuration).check(loop) { say($0, "replica", $1) }
      let redis = await checkRedis(loop, configuration)
      let files = await checkFiles(loop, configuration)
      var logs = true
      if readsLogs { logs = await checkLogs(loop, configuration) }
      return keys && tls && database && replicas && redis && files && logs ? 0 : 1
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

  static func checkTLS(_ serving: ServingConfiguration) -> Bool {
    do throws(StartFailure) {
      guard try NodeProcess.tls(serving) != nil else { return true }
      return check("tls", .success("certificate and key can be read and belong together"))
    } catch {
      return check("tls", .failure(error))
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
      let citus = try await checkCitus(pool)
      let apart = abs(try await DatabaseClock.lead(on: pool))
      let clocks = apart <= DatabaseClock.apartMax
      say(
        clocks, "clock",
        clocks
          ? "within \(apart) ms of the database's"
          : "\(apart) ms away from the database's: set both by NTP; tokens and what nodes pass on depend on it")
      return schema && citus && clocks
    } catch {
      if case .misconfigured(let sentence) = error { return check("database", .failure(StartFailure(sentence))) }
      return check(
        "database", .failure(StartFailure("\(error): is MARTLET_DATABASE_URL right, and PostgreSQL running?")))
    }
  }

  private static func checkCitus(_ pool: PostgresPool) async throws(PostgresError) -> Bool {
    guard let standing = try await CitusStanding.read(from: pool) else { return true }
    guard checkCitus(standing) else { return false }
    do throws(PostgresError) {
      let careless = try await CitusStanding.careless(on: pool)
      guard !careless.isEmpty else { return true }
      let names = careless.joined(separator: ", ")
      return check(
        "citus",
        .failure(StartFailure("synchronous_commit must be on, remote_write or remote_apply on each node: \(names)")))
    } catch {
      // A role that may not ask has done nothing wrong.
      say(nil, "citus", "\(error): look yourself that synchronous_commit is not off on any node")
      return true
    }
  }

  private static func checkCitus(_ citus: CitusStanding) -> Bool {
    let late = citus.nodes.filter { !$0.isReady }.map(\.address)
    if !late.isEmpty {
      return check(
        "citus", .failure(StartFailure("\(late.joined(separator: ", ")) inactive or without metadata: pg_dist_node")))
    }
    guard citus.localTables.isEmpty, let shards = citus.shards else {
      let tables = citus.localTables.joined(separator: ", ")
      return check("citus", .failure(StartFailure("only on the coordinator: \(tables): run `martlet migrate --citus`")))
    }
    return check(
      "citus", .success("Citus \(citus.version), \(citus.nodes.count) nodes, all tables in \(shards) shards"))
  }

  static func check(_ what: String, _ result: Result<String, StartFailure>) -> Bool {
    switch result {
    case .success(let sentence):
      say(true, what, sentence)
      return true
    case .failure(let failure):
      say(false, what, failure.description)
      return false
    }
  }

  /// Nil for what is not wrong, but should be known.
  static func say(_ isRight: Bool?, _ what: String, _ sentence: String) {
    let name = what + String(repeating: " ", count: max(1, 10 - what.utf8.count))
    let word = isRight.map { $0 ? "ok  " : "FAIL" } ?? "note"
    Terminal.print("\(word) \(name) \(sentence)")
  }
}
