/// What a record is called in the system it comes from: read again, it finds what it has become.
///
/// Users and groups get an id that is computed from it, so that nothing has to be remembered besides, and nobody can
/// pretend to have been imported; messages get it as their `client_message_id`.
///
/// - Shape: `umoc:17`, the system's name and the record's key there.
/// - Limits: ``sourceBytesMax``, ``keyBytesMax``. Of 100,000 records of one system two get the same id once in a
///   million times; it is noticed and refused.
public struct ImportKey: Hashable, Sendable {
  /// Bytes of a system's name; with a key it has to fit into a `client_message_id`.
  public static let sourceBytesMax = 24
  /// Bytes of a record's key: a UUID with words around it.
  public static let keyBytesMax = 100

  /// The name of the system.
  public let source: String
  /// What it calls the record.
  public let key: String

  /// Names a record.
  public init(source: String, key: String) {
    self.source = source
    self.key = key
  }

  /// Under which a message is known.
  public var clientMessageID: String { "\(source):\(key)" }

  /// Whose bucket is that of his name.
  public func user(in bucket: Bucket) -> UserID { UserID(counter: counter(hash("user")), bucket: bucket) }

  /// The id of a group.
  public var group: ConversationID {
    let hash = hash("group")
    return ConversationID(counter: counter(hash), bucket: Bucket(folding: hash >> 40))
  }

  /// In the upper half of all numbers, which the stores never give out.
  private func counter(_ hash: UInt64) -> Int64 { 1 << 40 | Int64(hash & (1 << 40 - 1)) }

  private func hash(_ kind: String) -> UInt64 { Bucket.hash("\(kind)\0\(source)\0\(key)".utf8) }
}

extension Faults {
  /// Checks what another system called something.
  mutating func check(_ key: ImportKey, _ limits: Limits) { check(key.key, limits.importKey) }

  /// A moment that has not come yet was misread.
  mutating func check(_ moment: Timestamp?, _ member: String, notAfter now: Timestamp) {
    if let moment, moment > now {
      add("/\(member)", "out_of_range", "\(member) must not lie in the future.")
    } else if let moment, moment.milliseconds < 0 {
      add("/\(member)", "out_of_range", "\(member) must not lie before 1970.")
    }
  }
}
