/// One SQL statement with a name, prepared on a connection when it is first used there.
///
/// - Shape: `Statement("users.by_id", "SELECT username FROM chat_user WHERE bucket = $1 AND id = $2", repeatable:
///   true)`.
/// - Limits: one SQL command; the name is unique in the program, since connections remember statements by it.
/// - Cost: an object, since each is handed on dozens of times for one answer and copying its texts were two references
///   each time.
public final class Statement: Hashable, Sendable {
  /// Under this name it is prepared, counted and logged.
  public let name: String
  /// Its text with `$1`, `$2` … for parameters.
  public let sql: String
  /// Whether carrying it out twice is as good as once, so that it is sent again when a connection is lost.
  public let repeatable: Bool
  /// Whether it reads by keys what one user, session or page has, and does nothing else, so that it may share a
  /// transaction with others of its like (``Flight/isBrief``), which wait for it.
  public let brief: Bool
  /// What it is held to if it asks several shards at once; nil for a statement of one shard.
  public let scatter: Scatter?
  /// Whether it asks several shards at once; what does is looked at twice.
  public var scatters: Bool { scatter != nil }

  /// Names a statement.
  public init(
    _ name: String, _ sql: String, repeatable: Bool = false, brief: Bool = false, scatter: Scatter? = nil
  ) {
    self.name = name
    self.sql = sql
    self.repeatable = repeatable || brief
    self.brief = brief
    self.scatter = scatter
  }

  /// Statements are equal when their names are.
  public static func == (left: Statement, right: Statement) -> Bool { left === right || left.name == right.name }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What a statement is held to that asks several shards at once: one row of the table of scatter statements.
public struct Scatter: Hashable, Sendable {
  /// Which question may be answered by the answer to another one.
  public enum Sharing: String, Sendable {
    /// One that was not sent yet: whoever asks learns what stood in the database when he asked, or later.
    case waiting
    /// Also one that is under way, or was answered within ``Scatter/keptFor``.
    case underWay
  }

  /// Keys, or rows, of one statement at most.
  public let most: Int
  /// How long an answer is waited for, in milliseconds from asking on.
  public let deadline: Int64
  /// Whether promises hang on it, so that it goes before the others.
  public let isUrgent: Bool
  /// Who shares an answer.
  public let sharing: Sharing
  /// How long an answer is kept for the same question, in milliseconds.
  public let keptFor: Int64
  /// Why it may be as old as that, and no older.
  public let reason: String

  /// Sets a row.
  public init(
    most: Int, deadline: Int64, isUrgent: Bool = false, sharing: Sharing = .waiting, keptFor: Int64 = 0,
    reason: String
  ) {
    self.most = most
    self.deadline = deadline
    self.isUrgent = isUrgent
    self.sharing = sharing
    self.keptFor = keptFor
    self.reason = reason
  }
}

/// A parameter of a statement; travels in binary form, so that no text is made of numbers.
public enum Parameter: Hashable, Sendable {
  /// `boolean`.
  case bool(Bool?)
  /// `smallint`.
  case int2(Int16?)
  /// `integer`.
  case int4(Int32?)
  /// `bigint`.
  case int8(Int64?)
  /// `text`; refused when it holds NUL.
  case text(String?)
  /// `bytea`.
  case bytes([UInt8]?)
  /// `timestamptz`, in milliseconds since 1970-01-01T00:00:00Z.
  case time(Int64?)
  /// `boolean[]`.
  case bools([Bool])
  /// `smallint[]`.
  case int2s([Int16])
  /// `bigint[]`.
  case int8s([Int64?])
  /// `text[]`; refused when one holds NUL.
  case texts([String?])

  /// The object id of its type in PostgreSQL's catalog `pg_type`.
  var type: UInt32 {
    switch self {
    case .bool: TypeID.bool
    case .int2: TypeID.int2
    case .int4: TypeID.int4
    case .int8: TypeID.int8
    case .text: TypeID.text
    case .bytes: TypeID.bytea
    case .time: TypeID.timestamptz
    case .bools: 1000
    case .int2s: 1005
    case .int8s: 1016
    case .texts: 1009
    }
  }
}

/// Object ids of types, fixed in every PostgreSQL (`pg_type.dat`).
enum TypeID {
  static let bool: UInt32 = 16
  static let bytea: UInt32 = 17
  static let int8: UInt32 = 20
  static let int2: UInt32 = 21
  static let int4: UInt32 = 23
  static let text: UInt32 = 25
  static let varchar: UInt32 = 1043
  static let timestamptz: UInt32 = 1184

  /// Microseconds between PostgreSQL's epoch, 2000-01-01, and that of Unix.
  static let epochMicroseconds: Int64 = 946_684_800_000_000
}

extension Statement {
  private static let patience = Statement("transaction.patience", "SELECT set_config('lock_timeout', $1, true)")

  /// What says, sent before others of one transaction, how many milliseconds they wait for a lock; it is answered with
  /// a row too.
  public static func lockPatience(_ milliseconds: Int64) -> (statement: Statement, parameters: [Parameter]) {
    (patience, [.text(String(milliseconds))])
  }
}
