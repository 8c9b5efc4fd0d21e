import Synchronization

/// A body that is read while it is sent, a piece at a time; its length is known before.
///
/// - Isolation: `next` is called by one task, one call after the other.
public final class BodyStream: Sendable {
  /// How many bytes.
  public let length: Int
  /// The next bytes; nil when there are no more, which before ``length`` ends the connection.
  public let next: @Sendable () async -> [UInt8]?

  /// A body of that length.
  public init(length: Int, next: @escaping @Sendable () async -> [UInt8]?) {
    self.length = max(0, length)
    self.next = next
  }

  /// A body that is there already, in pieces of so many bytes.
  public convenience init(of bytes: [UInt8], pieceBytes: Int) {
    let given = Atomic(0)
    self.init(length: bytes.count) {
      let start = given.add(max(1, pieceBytes), ordering: .relaxed).oldValue
      guard start < bytes.count else { return nil }
      return Array(bytes[start..<min(start + max(1, pieceBytes), bytes.count)])
    }
  }
}

extension BodyStream: Equatable {
  /// A stream is equal to itself only.
  public static func == (left: BodyStream, right: BodyStream) -> Bool { left === right }
}
