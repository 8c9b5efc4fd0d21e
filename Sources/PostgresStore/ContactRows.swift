import ChatCore
import Postgres

/// What two users are to each other, as a row of the table `contact_pair`.
enum ContactRows {
  private static let sideColumns = ["listed", "tie", "block", "timeout", "since", "initiator", "sent"]

  /// The columns that ``pair(_:from:)`` reads, in their order, beginning with the two ids.
  static let columns =
    (["low", "high"] + names + ["streak", "streak_day"]).map { "p.\($0)" }.joined(separator: ", ")

  /// Puts the row, by parameters as ``parameters(of:)`` gives them.
  static let put: String = {
    let all = ["bucket", "low", "high"] + names + ["streak", "streak_day"]
    let values = all.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let changes = all.dropFirst(3).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return """
      INSERT INTO contact_pair (\(all.joined(separator: ", "))) VALUES (\(values))
      ON CONFLICT (bucket, low, high) DO UPDATE SET \(changes)
      """
  }()

  private static let names = ["low", "high"].flatMap { side in sideColumns.map { "\(side)_\($0)" } }

  static func key(_ pair: ContactPair) -> [Parameter] {
    [.int2(pair.bucket.number), .int8(pair.low.rawValue), .int8(pair.high.rawValue)]
  }

  static func parameters(of pair: ContactPair) -> [Parameter] {
    key(pair) + parameters(of: pair.lowSide) + parameters(of: pair.highSide)
      + [.int8(pair.streak), .int8(pair.streakDay)]
  }

  private static func parameters(of side: ContactPair.Side) -> [Parameter] {
    [
      .bool(side.isListed), .text(side.tie.rawValue), .text(side.block.rawValue), time(side.timeoutUntil),
      time(side.since), .bool(side.isInitiator), time(side.lastSent),
    ]
  }

  private static func time(_ moment: Timestamp?) -> Parameter { .time(moment?.milliseconds) }

  static func pair(_ row: Row) throws(PostgresError) -> ContactPair { try pair(row, from: 0) }

  private static func pair(_ row: Row, from first: Int) throws(PostgresError) -> ContactPair {
    var pair = ContactPair(UserID(rawValue: try row.int8(first)), UserID(rawValue: try row.int8(first + 1)))
    let sides = first + 2
    pair.lowSide = try side(row, from: sides)
    pair.highSide = try side(row, from: sides + sideColumns.count)
    pair.streak = try row.optionalInt8(sides + 2 * sideColumns.count)
    pair.streakDay = try row.optionalInt8(sides + 2 * sideColumns.count + 1)
    return pair
  }

  /// The columns that ``ofDirect(_:from:)`` reads, of a conversation `c` with ``joined``.
  static let directColumns = "c.direct_low, c.direct_high, " + columns

  /// What the two of the conversation `c` in the bucket `$1` are to each other, if they are two.
  static let joined = """
    LEFT JOIN LATERAL (
      SELECT k.* FROM contact_pair k
      WHERE k.bucket = $1 AND k.low = c.direct_low AND k.high = c.direct_high LIMIT 1) p ON true
    """

  /// The two of a direct conversation, strangers when nothing is remembered; nil of any other conversation.
  static func ofDirect(_ row: Row, from first: Int) throws(PostgresError) -> ContactPair? {
    guard let low = try row.optionalInt8(first), let high = try row.optionalInt8(first + 1) else { return nil }
    if try row.optionalInt8(first + 2) != nil { return try pair(row, from: first + 2) }
    return ContactPair(UserID(rawValue: low), UserID(rawValue: high))
  }

  private static func side(_ row: Row, from column: Int) throws(PostgresError) -> ContactPair.Side {
    guard let tie = ContactTie(rawValue: try row.text(column + 1)),
      let block = ContactBlock(rawValue: try row.text(column + 2))
    else { throw .unexpectedReply("an unknown word in a contact") }
    var side = ContactPair.Side()
    side.isListed = try row.bool(column)
    side.tie = tie
    side.block = block
    side.timeoutUntil = try row.optionalTime(column + 3).map(Timestamp.init(milliseconds:))
    side.since = try row.optionalTime(column + 4).map(Timestamp.init(milliseconds:))
    side.isInitiator = try row.bool(column + 5)
    side.lastSent = try row.optionalTime(column + 6).map(Timestamp.init(milliseconds:))
    return side
  }
}
