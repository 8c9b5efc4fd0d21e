import IORuntime
import Postgres
import TestKit

/// Gives a body a running loop and a pool to a fresh database, and ends both afterwards.
func withPool<Value: Sendable>(
  _ adjust: (inout PostgresSettings) -> Void = { _ in }, on server: PrivatePostgres? = nil,
  _ body: (PostgresPool, String) async throws -> Value
) async throws -> Value {
  let given = if let server { server } else { try await PrivatePostgres.shared() }
  // The client alone is tried here, so that one node of a Citus will do.
  let url = try await given.database(distributed: false)
  do {
    let value = try await withPool(to: url, adjust) { try await body($0, url) }
    await given.drop(url)
    return value
  } catch {
    await given.drop(url)
    throw error
  }
}

/// The same to a database that is there, or to nowhere.
func withPool<Value: Sendable>(
  to url: String, _ adjust: (inout PostgresSettings) -> Void = { _ in }, _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
  let loop = try EventLoop(name: "test")
  try loop.start()
  defer { loop.stop() }
  var settings = PostgresSettings(url: url)
  adjust(&settings)
  let pool = try PostgresPool(loop: loop, settings: settings)
  do {
    let value = try await body(pool)
    await close(pool)
    return value
  } catch {
    await close(pool)
    throw error
  }
}

func close(_ pool: PostgresPool) async {
  await withCheckedContinuation { continuation in pool.close { continuation.resume() } }
}

/// What a pool has counted, read on its loop.
func counters(of pool: PostgresPool) async -> PostgresCounters {
  await withCheckedContinuation { continuation in
    pool.loop.execute { continuation.resume(returning: pool.counters) }
  }
}

/// The database error that a body throws.
func failure(_ body: () async throws(PostgresError) -> Void) async -> PostgresError? {
  do {
    try await body()
    return nil
  } catch {
    return error
  }
}

/// Milliseconds that a body takes.
func milliseconds(_ body: () async throws -> Void) async rethrows -> Int64 {
  let begin = EventLoop.monotonicMilliseconds()
  try await body()
  return EventLoop.monotonicMilliseconds() - begin
}
