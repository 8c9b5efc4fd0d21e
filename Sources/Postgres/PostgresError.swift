/// Why a statement has no answer. Its text never holds a parameter's value, so that it may be logged.
public enum PostgresError: Error, Hashable, Sendable {
  /// No connection could be had in time; nothing was sent. The text says what the last try to connect met.
  case unavailable(String)
  /// Too many statements are waiting for a connection; nothing was sent.
  case queueFull
  /// The deadline has passed. With `sent` the statement may have been carried out.
  case timeout(sent: Bool)
  /// The connection was lost after the statement was sent: it may have been carried out.
  case lost(String)
  /// The server refused it; its transaction was rolled back.
  case server(ServerRefusal)
  /// The answer is not what the statement promises: our mistake, or another schema.
  case unexpectedReply(String)
  /// A text parameter holds NUL, which PostgreSQL cannot store and libpq would cut; nothing was sent.
  case textWithNUL(parameter: Int)
  /// The URL or the server's settings cannot be used as they are; a sentence for the operator.
  case misconfigured(String)

  /// Whether the same statement with the same parameters may succeed at once: the server broke a deadlock or a
  /// conflict.
  public var isWorthRepeating: Bool {
    guard case .server(let refusal) = self else { return false }
    return refusal.sqlstate == SQLState.deadlock || refusal.sqlstate == SQLState.serialization
  }

  /// Whether the server gave it up, for a lock or for its own deadline.
  var isOfTime: Bool { sqlstate == SQLState.lockNotAvailable || sqlstate == SQLState.canceled }

  /// Whether the statement may have been carried out although there is no answer.
  public var isInDoubt: Bool {
    switch self {
    case .lost, .timeout(sent: true): true
    case .server(let refusal): refusal.isOfAnotherNode
    default: false
    }
  }

  /// The SQLSTATE, when the server refused.
  public var sqlstate: String? {
    guard case .server(let refusal) = self else { return nil }
    return refusal.sqlstate
  }
}

extension PostgresError: CustomStringConvertible {
  /// One line for a log.
  public var description: String {
    switch self {
    case .unavailable(let reason): "no connection: \(reason)"
    case .queueFull: "too many statements are waiting for a connection"
    case .timeout(let sent): sent ? "no answer in time" : "no free connection in time"
    case .lost(let reason): "connection lost: \(reason)"
    case .server(let refusal): refusal.description
    case .unexpectedReply(let what): "unexpected reply: \(what)"
    case .textWithNUL(let parameter): "parameter \(parameter + 1) holds NUL"
    case .misconfigured(let sentence): sentence
    }
  }
}

/// What the server said when it refused a statement.
public struct ServerRefusal: Hashable, Sendable, CustomStringConvertible {
  /// Five characters (PostgreSQL documentation, appendix A).
  public let sqlstate: String
  /// The statement's name.
  public let statement: String
  /// The constraint that stands against it.
  public let constraint: String?
  /// The server's words, kept only for error classes that do not quote values.
  public let message: String?

  /// Collects it.
  public init(sqlstate: String, statement: String, constraint: String? = nil, message: String? = nil) {
    self.sqlstate = sqlstate == "XX000" ? message.flatMap { Self.meant[$0] } ?? sqlstate : sqlstate
    self.statement = statement
    self.constraint = constraint
    self.message = message
  }

  /// Whether the server has lost another one behind it, as a node of a Citus may while it waits for the node that has
  /// the bucket: class 08, or an internal error that speaks of a connection in libpq's words, or of a commit that the
  /// other node was sent and did not confirm.
  ///
  /// - Source: libpq's fe-misc.c, fe-secure.c and fe-secure-openssl.c ("could not receive data from server", "SSL
  ///   SYSCALL error: EOF detected", "SSL error: unexpected eof"); Citus passes them on as XX000. Citus'
  ///   placement_connection.c ("could not commit transaction for shard 102008 on at least one active node"): where one
  ///   node alone was written to, its COMMIT goes out before ours, and what is said of it before is only a warning.
  public var isOfAnotherNode: Bool {
    if sqlstate.hasPrefix("08") { return true }
    guard sqlstate == "XX000", let words = message?.lowercased() else { return false }
    return Self.lossWords.contains { words.contains($0) }
  }

  /// States of which a Citus passes on only the words, in English: what another node refuses of the COPY by which it
  /// stores rows that were made where it is asked.
  ///
  /// - Source: Citus' multi_copy.c, where errors of a remote COPY are reported by their message and detail without a
  ///   code; PostgreSQL's proc.c, postgres.c and deadlock.c for the words.
  private static let meant = [
    "deadlock detected": SQLState.deadlock,
    "canceling statement due to lock timeout": SQLState.lockNotAvailable,
    "canceling statement due to statement timeout": SQLState.canceled,
    "canceling statement due to user request": SQLState.canceled,
    "canceling the transaction since it was involved in a distributed deadlock": SQLState.deadlock,
  ]

  private static let lossWords = [
    "connection", "ssl syscall error", "ssl error", "from server", "to server", "could not commit transaction",
  ]

  /// `log.send_batch: 42P01 relation "entry" does not exist`.
  public var description: String {
    var text = "\(statement): \(sqlstate)"
    if let constraint { text += " (\(constraint))" }
    if let message { text += " \(message)" }
    return text
  }
}

/// The SQLSTATE values that this module and its users decide by.
public enum SQLState {
  /// A deadlock was broken.
  public static let deadlock = "40P01"
  /// Two transactions could not be put in an order.
  public static let serialization = "40001"
  /// A unique key exists already.
  public static let uniqueViolation = "23505"
  /// A lock was not had within `lock_timeout`.
  public static let lockNotAvailable = "55P03"
  /// `statement_timeout`, or somebody cancelled it.
  public static let canceled = "57014"
  /// The server is a standby.
  public static let readOnly = "25006"

  /// Classes whose messages name objects and conditions, never values.
  static let classesToQuote: Set<Substring> = [
    "08", "0A", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58", "XX",
  ]

  /// Refusals after which the connection is of no use: a demoted primary, lost or outdated prepared statements.
  static let spoiling: Set<String> = [readOnly, "26000", "0A000", "25P03"]
}
