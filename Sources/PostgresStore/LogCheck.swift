import ChatCore
import Postgres

/// Finds logs in which nobody can write any more, since their next number is taken: somebody has set a head by hand, or
/// taken a counter's row out, or put tables back from backups of different moments. Nodes never give a number twice,
/// and mend nothing of it by themselves.
///
/// - Cost: a round trip for each of the 4,096 buckets, in which each conversation is one lookup by an index: five
///   seconds for half a million conversations, beside PostgreSQL.
public enum LogCheck {
  /// What is behind its log.
  public enum Finding: Hashable, Sendable, CustomStringConvertible {
    /// A conversation's head.
    case head(ConversationID, at: Int64, newest: Int64)
    /// A bucket's counter; nil when its row is gone.
    case counter(Bucket, at: Int64?, newest: Int64)

    /// What is wrong, and what mends it.
    public var description: String {
      switch self {
      case .head(let id, let head, let newest):
        "the head of conversation \(id.rawValue) is \(head), and its log reaches \(newest): \(remedy)"
      case .counter(let bucket, let head?, let newest):
        "the counter of bucket \(bucket.number) is \(head), and its log reaches \(newest): \(remedy)"
      case .counter(let bucket, nil, _): "bucket \(bucket.number) has no counter: \(remedy)"
      }
    }

    /// The command that mends it, while nodes run too.
    public var remedy: String {
      switch self {
      case .head(let id, _, let newest):
        "UPDATE conversation SET head = greatest(head, \(newest)) WHERE bucket = \(id.bucket.number) "
          + "AND id = \(id.rawValue);"
      case .counter(let bucket, _?, let newest):
        "UPDATE bucket_seq SET head = greatest(head, \(newest)) WHERE bucket = \(bucket.number);"
      case .counter(let bucket, nil, let newest):
        "INSERT INTO bucket_seq (bucket, head) VALUES (\(bucket.number), \(newest));"
      }
    }
  }

  static let newest = Statement(
    "doctor.newest", "SELECT k.id FROM entry k WHERE k.bucket = $1 ORDER BY k.id DESC LIMIT 1", repeatable: true)
  static let counter = Statement(
    "doctor.counter", "SELECT q.head FROM bucket_seq q WHERE q.bucket = $1", repeatable: true)
  static let heads = Statement(
    "doctor.heads",
    """
    SELECT c.id, c.head, e.seq FROM conversation c
      CROSS JOIN LATERAL (
        SELECT k.seq FROM entry k WHERE k.bucket = $1 AND k.conversation = c.id ORDER BY k.seq DESC LIMIT 1) e
    WHERE c.bucket = $1 AND c.head < e.seq ORDER BY c.id LIMIT $2
    """, repeatable: true)

  /// Findings after which it ends: what to mend first.
  public static let findingsMax = 100

  /// Looks through all buckets, and ends with the one in which it has found `most` or more.
  public static func run(on pool: PostgresPool, most: Int = LogCheck.findingsMax) async throws(PostgresError)
    -> [Finding]
  {
    var findings: [Finding] = []
    for number in 0..<Bucket.count where findings.count < most {
      guard let bucket = Bucket(number) else { continue }
      let key = Parameter.int2(number)
      // The counter is read after what it counts, which goes on meanwhile.
      let answers = try await pool.queries([
        (newest, [key]), (counter, [key]), (heads, [key, .int8(Int64(clamping: most))]),
      ])
      guard answers.count == 3 else { throw .unexpectedReply("a bucket's heads") }
      let reached = try answers[0].first.map { (row) throws(PostgresError) in
        EntryID(rawValue: try row.int8(0)).counter
      }
      let head = try answers[1].first?.int8(0)
      if head == nil || head ?? 0 < reached ?? 0 { findings.append(.counter(bucket, at: head, newest: reached ?? 0)) }
      findings += try answers[2].map { (row) throws(PostgresError) -> Finding in
        .head(ConversationID(rawValue: try row.int8(0)), at: try row.int8(1), newest: try row.int8(2))
      }
    }
    return findings
  }
}
