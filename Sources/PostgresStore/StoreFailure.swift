import ChatCore
import Postgres

/// What the database says, in the domain's words.
///
/// - Isolation: thread-safe.
struct StoreFailure: Sendable {
  /// Told of our own mistakes: statements that the server does not understand, rows of another shape.
  let report: @Sendable (String) -> Void
  /// Told of what the server refused for now: callers get 503 and nothing of why.
  let refused: @Sendable (ServerRefusal) -> Void

  init(report: @escaping @Sendable (String) -> Void, refused: @escaping @Sendable (ServerRefusal) -> Void = { _ in }) {
    self.report = report
    self.refused = refused
  }

  /// What the caller is told: repeat later when the database is away, busy or full; else it is our mistake.
  func callAsFunction(_ error: PostgresError) -> ChatError {
    switch error {
    case .unavailable, .queueFull, .timeout, .lost, .misconfigured:
      return StoreFailure.away
    case .server(let refusal) where StoreFailure.isPassing(refusal):
      refused(refusal)
      return StoreFailure.away
    case .textWithNUL:
      return .invalid([Fault(pointer: "", code: "not_allowed", detail: "Texts may not hold the character U+0000.")])
    case .server(let refusal) where StoreFailure.isOfPlace(refusal):
      report("database: \(error): a head or a counter is behind its log, `martlet doctor --logs` says which")
      return .internalError("database: \(error)")
    case .server, .unexpectedReply:
      report("database: \(error)")
      return .internalError("database: \(error)")
    }
  }

  /// The database is away; a second is about what a restart takes.
  static let away = ChatError.unavailable(.database, retryAfter: 1_000)

  /// Whether the same may be carried out later, or elsewhere: nothing is wrong with the statement.
  static func isPassing(_ refusal: ServerRefusal) -> Bool {
    refusal.isOfAnotherNode || passing.contains(refusal.sqlstate.prefix(2)) || passingStates.contains(refusal.sqlstate)
  }

  /// Whether the next place in a log is taken, or nobody says which it is: ``LogCheck``.
  private static func isOfPlace(_ refusal: ServerRefusal) -> Bool {
    writing.contains(refusal.statement) && placeStates.contains(refusal.sqlstate)
  }

  private static let writing = Set(
    [SendBatch.plain, SendBatch.stepwise, WritePlan.append, PostgresImport.put].map(\.name))
  /// A number that is there, one that is missing, and a row without which there is none.
  private static let placeStates: Set<String> = [SQLState.uniqueViolation, "23502", "P0002"]

  /// Connection trouble, conflicts not resolved, no disk or memory, the operator's intervention, system errors.
  private static let passing: Set<Substring> = ["08", "40", "53", "57", "58"]
  /// A lock was not had in time; the server is a standby.
  private static let passingStates: Set<String> = [SQLState.lockNotAvailable, SQLState.readOnly]
}

extension StoreFailure {
  /// Reads an answer and says in the domain's words why that failed.
  func reading<Value>(_ body: () throws(PostgresError) -> Value) throws(ChatError) -> Value {
    do {
      return try body()
    } catch {
      throw self(error)
    }
  }

  /// Does it and says in the domain's words why it failed.
  func translating<Value>(_ body: () async throws(PostgresError) -> Value) async throws(ChatError) -> Value {
    do {
      return try await body()
    } catch {
      throw self(error)
    }
  }
}
