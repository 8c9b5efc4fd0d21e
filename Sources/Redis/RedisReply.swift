/// One reply of Redis, as RESP2 has them.
///
/// - Source: the Redis serialization protocol specification, version 2.
public enum RedisReply: Hashable, Sendable {
  /// `+OK`
  case status(String)
  /// `-NOSCRIPT No matching script`
  case error(String)
  /// `:12`
  case integer(Int64)
  /// `$2 hi`; any bytes.
  case bulk([UInt8])
  /// `$-1` or `*-1`
  case null
  /// `*2 …`
  case array([RedisReply])

  /// The integer, also when it came as text.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .bulk(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
    default: nil
    }
  }

  /// The bytes of a bulk reply.
  public var bytes: [UInt8]? {
    guard case .bulk(let bytes) = self else { return nil }
    return bytes
  }

  /// The text of a bulk or status reply; wrong UTF-8 is repaired.
  public var text: String? {
    switch self {
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    case .status(let text): text
    default: nil
    }
  }

  /// The elements of an array reply.
  public var elements: [RedisReply]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }
}
