import ChatCore

/// What topics are called in Redis: `m:{c3z}c:5121` for a conversation, `m:{c3z}u:12289` for a user.
///
/// - Limits: a prefix has at most 64 bytes and no brace, since the first brace decides the slot.
public struct TopicNames: Sendable, Hashable {
  /// What all names of this cluster begin with; equal on all its nodes, other than that of any cluster on the same
  /// Redis.
  public let prefix: String

  private let prefixBytes: [UInt8]

  /// Takes the cluster's prefix; nothing when it is too long or has a brace, a space or a control character.
  public init?(prefix: String) {
    let allowed = prefix.utf8.allSatisfy {
      (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "}")
    }
    guard allowed, prefix.utf8.count <= 64 else { return nil }
    self.init(checked: prefix)
  }

  /// The names with the default prefix.
  public static let standard = TopicNames(checked: "m:")

  private init(checked prefix: String) {
    self.prefix = prefix
    prefixBytes = Array(prefix.utf8)
  }

  /// The channel of a topic.
  public func channel(of topic: Topic) -> String {
    switch topic {
    case .conversation(let id): name(id.bucket, "c:", id.rawValue)
    case .user(let id): name(id.bucket, "u:", id.rawValue)
    }
  }

  /// A key that lives beside the topics of a bucket: `m:{c3z}rate:…`.
  func key(in bucket: Bucket, _ rest: String) -> String {
    "\(prefix){\(String(decoding: PartitionTag.of(bucket), as: UTF8.self))}\(rest)"
  }

  private func name(_ bucket: Bucket, _ kind: String, _ id: Int64) -> String { key(in: bucket, kind + String(id)) }

  /// The topic of a channel, if it is one of ours, spelled exactly as we spell it.
  func topic(of channel: [UInt8]) -> Topic? {
    guard channel.count < 128, channel.starts(with: prefixBytes) else { return nil }
    let rest = channel[prefixBytes.count...]
    guard rest.first == UInt8(ascii: "{"), let close = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
    let tag = rest[(rest.startIndex + 1)..<close]
    let name = rest[(close + 1)...]
    guard name.count > 2, name[name.startIndex + 1] == UInt8(ascii: ":") else { return nil }
    guard let number = TopicNames.number(name.dropFirst(2)) else { return nil }
    switch name[name.startIndex] {
    case UInt8(ascii: "c"):
      guard let id = ConversationID(checking: number), tag.elementsEqual(PartitionTag.of(id.bucket)) else { return nil }
      return .conversation(id)
    case UInt8(ascii: "u"):
      guard let id = UserID(checking: number), tag.elementsEqual(PartitionTag.of(id.bucket)) else { return nil }
      return .user(id)
    default: return nil
    }
  }

  /// A positive decimal number without sign or leading zero.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 16 else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }
}
