import ChatCore
import IORuntime
import Postgres
import Synchronization

/// Asking for rows of many where a node of a Citus may be away, for who goes on with those that lie elsewhere.
///
/// A silent node takes a statement's whole time, and with it all that share the statement. So one question at a time
/// finds out which node it is, by asking each for itself; for ``AbsentNodes/knownFor`` the others then leave out what
/// lies there.
extension ScatterDesk {
  /// The row of each id that has one, and those ids that lie on a node that is away; as ``rows(_:of:_:)``.
  ///
  /// - Parameter pool: is asked where they lie; the desk's own may be busy with who is silent.
  func rowsByNode(
    _ statement: Statement, of ids: [ScatterID], placesFrom pool: PostgresPool
  ) async throws(PostgresError) -> (rows: [Int64: Row], unavailable: Set<Int64>) {
    do {
      return try await rowsOfThere(statement, ids, pool)
    } catch {
      guard Self.mayBeOfOneNode(error) || error == .timeout(sent: false), await isOnCitus() else { throw error }
      // What another finds out meanwhile is left out then.
      guard absent.begin() else { return try await rowsOfThere(statement, ids, pool) }
      let found = await lookForIt(statement, ids, pool, error)
      absent.end()
      return try found.get()
    }
  }

  /// Of those nodes that are not known to be away.
  private func rowsOfThere(
    _ statement: Statement, _ ids: [ScatterID], _ pool: PostgresPool
  ) async throws(PostgresError) -> (rows: [Int64: Row], unavailable: Set<Int64>) {
    let away = await absent.groups()
    guard !away.isEmpty, !ids.isEmpty else { return (try await rows(statement, of: ids), []) }
    let parts = try await placed(ids, pool)
    let lost = Set(parts.filter { away.contains($0.group) }.flatMap(\.ids))
    return (try await rows(statement, of: ids.filter { !lost.contains($0) }), Set(lost.map(\.id)))
  }

  /// Asks each node for itself, in statements that nobody shares.
  ///
  /// - Returns: `error` when none answers though several were asked: then it is not one of them that is away.
  private func lookForIt(
    _ statement: Statement, _ ids: [ScatterID], _ pool: PostgresPool, _ error: PostgresError
  ) async -> Result<(rows: [Int64: Row], unavailable: Set<Int64>), PostgresError> {
    guard let parts = try? await placed(ids, pool), !parts.isEmpty else { return .failure(error) }
    let answers = await withTaskGroup(of: (Int32, Result<[Int64: Row], PostgresError>).self) { tasks in
      for part in parts {
        tasks.addTask { (part.group, await self.unshared(statement, part.ids)) }
      }
      return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    var (rows, unavailable) = ([Int64: Row](), Set<Int64>())
    var away: [Int32] = []
    for part in parts {
      switch answers[part.group] ?? .failure(error) {
      case .success(let found): rows.merge(found) { $1 }
      case .failure(let reason) where Self.mayBeOfOneNode(reason):
        away.append(part.group)
        unavailable.formUnion(part.ids.map(\.id))
      case .failure(let reason): return .failure(reason)
      }
    }
    guard away.count == parts.count else {
      absent.found(away)
      return .success((rows, unavailable))
    }
    // Of one node alone nobody can tell whether it is that one which is slow, or all are: others still ask it.
    guard parts.count == 1, await hasOtherNodes(pool) else { return .failure(error) }
    return .success((rows, unavailable))
  }

  private func hasOtherNodes(_ pool: PostgresPool) async -> Bool {
    let some = Set(stride(from: Int16(0), to: Bucket.count, by: 61))
    return ((try? await groupsByNumber(of: some, pool))?.count ?? 1) > 1
  }

  private func unshared(_ statement: Statement, _ ids: [ScatterID]) async -> Result<[Int64: Row], PostgresError> {
    do throws(PostgresError) {
      var found: [Int64: Row] = [:]
      for part in ids.parts(of: statement.scatter?.most ?? 1) {
        for row in try await rows(statement, [.int2s(part.map(\.bucket)), .int8s(part.map(\.id))]) {
          found[try row.int8(0)] = row
        }
      }
      return .success(found)
    } catch {
      return .failure(error)
    }
  }

  /// The ids by the node that has them.
  private func placed(
    _ ids: [ScatterID], _ pool: PostgresPool
  ) async throws(PostgresError) -> [(group: Int32, ids: [ScatterID])] {
    let groups = try await groupsByNumber(of: Set(ids.map(\.bucket)), pool)
    return groups.sorted { $0.key < $1.key }.map { group in
      (group.key, ids.filter { group.value.contains($0.bucket) })
    }
  }
}

/// Which nodes of a Citus were found to be away, by the number of their group, and whether somebody is finding it out.
///
/// - Isolation: thread-safe.
final class AbsentNodes: Sendable {
  /// How long a node that was found to be away is left out, in milliseconds: who comes then waits for it no longer than
  /// it takes to find out anew.
  static let knownFor: Int64 = 5_000

  private struct State {
    var until: [Int32: Int64] = [:]
    var isLooking = false
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// Those that are left out; once nobody is finding out any more.
  func groups() async -> Set<Int32> {
    let isLooking = state.withLock(\.isLooking)
    if isLooking { await looked() }
    return state.withLock { state in
      guard !state.until.isEmpty else { return [] }
      let now = EventLoop.monotonicMilliseconds()
      state.until = state.until.filter { $0.value > now }
      return Set(state.until.keys)
    }
  }

  /// They are away.
  func found(_ groups: [Int32]) {
    let until = EventLoop.monotonicMilliseconds() + Self.knownFor
    state.withLock { state in
      for group in groups { state.until[group] = until }
    }
  }

  /// True for the one who finds out now, until ``end()``.
  func begin() -> Bool {
    state.withLock { state in
      defer { state.isLooking = true }
      return !state.isLooking
    }
  }

  /// It has been found out, or not.
  func end() {
    let waiting = state.withLock { state in
      state.isLooking = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for one in waiting { one.resume() }
  }

  private func looked() async {
    await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
      let isOver = state.withLock { state in
        if state.isLooking { state.waiting.append(done) }
        return !state.isLooking
      }
      if isOver { done.resume() }
    }
  }
}
