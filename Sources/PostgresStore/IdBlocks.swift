import ChatCore
import Postgres
import Synchronization

/// Numbers for conversations and sessions, taken from the database a block at a time; their order means nothing.
///
/// What is left of a block when the node ends is never used.
///
/// - Isolation: thread-safe; one a loop.
final class IdBlocks: Sendable {
  /// What the numbers are for.
  enum Kind: String {
    case conversation, session
  }

  /// Numbers taken at once: a node that makes a thousand conversations a second asks four times.
  private static let blockSize: Int64 = 256

  static let take = Statement(
    "ids.take",
    """
    INSERT INTO id_block AS i (bucket, kind, next) VALUES ($1, $2, 1 + $3)
    ON CONFLICT (bucket, kind) DO UPDATE SET next = i.next + $3
    RETURNING i.next - $3
    """)

  private let pool: PostgresPool
  private let left = Mutex<[Kind: Range<Int64>]>([:])

  init(pool: PostgresPool) { self.pool = pool }

  /// A number that nobody else of that kind has.
  func next(_ kind: Kind) async throws(PostgresError) -> Int64 {
    if let number = left.withLock({ $0[kind]?.popNumber() }) { return number }
    let rows = try await pool.query(Self.take, [.int2(0), .text(kind.rawValue), .int8(Self.blockSize)])
    guard let first = try rows.first?.int8(0) else { throw .unexpectedReply("no block of ids") }
    var block = first..<first + Self.blockSize
    let number = block.popNumber()
    // Of several that asked at once the last block stays; the numbers of the others are lost, which harms nobody.
    left.withLock { $0[kind] = block }
    guard let number else { throw .unexpectedReply("an empty block of ids") }
    return number
  }
}

extension Range<Int64> {
  fileprivate mutating func popNumber() -> Int64? {
    guard let number = first else { return nil }
    self = (number + 1)..<upperBound
    return number
  }
}
