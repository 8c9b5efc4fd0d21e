/// One of the 4,096 shares into which all rows are divided; the first column of every key.
///
/// - Limits: 0 … 4,095. The number of buckets is fixed for ever, since ids carry it.
/// - Source: design.md section 4, reliability.md A1.7 (R1) and A1.8.
public struct Bucket: Hashable, Sendable, Comparable {
  /// How many buckets there are.
  public static let count: Int16 = 4096
  /// The number, 0 … 4,095.
  public let number: Int16

  /// The bucket that an integer falls into: its lowest 12 bits.
  public init(folding value: UInt64) { number = Int16(truncatingIfNeeded: value & 0xFFF) }

  /// The bucket with that number, if there is one.
  public init?(_ number: Int16) {
    guard (0..<Bucket.count).contains(number) else { return nil }
    self.number = number
  }

  /// Orders buckets by number: the order in which a transaction over several of them locks.
  public static func < (left: Bucket, right: Bucket) -> Bool { left.number < right.number }
}

/// An integer id `k << 12 | bucket`, below 2^53, so that it is exact in a double and says where its row lives.
public protocol BucketedID: Hashable, Sendable, Comparable {
  /// The id as it stands on the wire and in the database.
  var rawValue: Int64 { get }
  /// Takes an id from inside; ``init(checking:)`` is for ids from outside.
  init(rawValue: Int64)
}

extension BucketedID {
  /// The largest id: 2^53 − 1, the largest integer that a JSON reader with doubles keeps exact.
  public static var rawValueMax: Int64 { 9_007_199_254_740_991 }

  /// The bucket whose tables hold the row.
  public var bucket: Bucket { Bucket(folding: UInt64(bitPattern: rawValue)) }

  /// The counter part `k`.
  public var counter: Int64 { rawValue >> 12 }

  /// Makes an id out of its counter and bucket.
  public init(counter: Int64, bucket: Bucket) {
    self.init(rawValue: (counter << 12) | Int64(bucket.number))
  }

  /// Takes an id from outside; nothing when no row could have it.
  public init?(checking value: Int64) {
    guard value > 0, value <= Self.rawValueMax else { return nil }
    self.init(rawValue: value)
  }

  /// Orders ids by their integer.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A user's id; its bucket is that of the name under which he registered.
public struct UserID: BucketedID {
  /// The id as it stands on the wire and in the database.
  public let rawValue: Int64
  /// Takes an id from inside.
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// A conversation's id; its bucket holds the conversation, its members and its log.
public struct ConversationID: BucketedID {
  /// The id as it stands on the wire and in the database.
  public let rawValue: Int64
  /// Takes an id from inside.
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of a log entry, and so of a message; dense and in commit order within its bucket.
public struct EntryID: BucketedID {
  /// The id as it stands on the wire and in the database.
  public let rawValue: Int64
  /// Takes an id from inside.
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The id of a sign-in session; lives in its user's bucket and stands in tokens as `sid`.
public struct SessionID: BucketedID {
  /// The id as it stands on the wire and in the database.
  public let rawValue: Int64
  /// Takes an id from inside.
  public init(rawValue: Int64) { self.rawValue = rawValue }
}
