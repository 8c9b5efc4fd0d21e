/// A file's id; its bucket is that of its owner, and within it ids rise in the order of making.
public struct FileID: BucketedID {
  /// The id as it stands on the wire and in the database.
  public let rawValue: Int64
  /// Takes an id from inside.
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Who may read a file besides its owner.
public enum FileAccess: String, Sendable, CaseIterable {
  /// Who may read a conversation in which its owner has sent it.
  case conversations
  /// The same, and anyone who has its ``PublicFileName``.
  case anyoneWithLink = "link"
}

/// What is known of a file whose bytes are kept.
public struct File: Hashable, Sendable {
  /// Its id.
  public let id: FileID
  /// Who has uploaded it.
  public let owner: UserID
  /// Its name, cleaned by ``FileName``.
  public let name: String
  /// What its bytes are, as ``FileType`` found.
  public let type: FileType
  /// How many bytes.
  public let size: Int64
  /// Who else may read it.
  public let access: FileAccess
  /// What a ``PublicFileName`` must say; of ``FileAccess/anyoneWithLink`` only.
  public let secret: String?
  /// When it was uploaded.
  public let createdAt: Timestamp

  /// Makes a file from what a store remembers.
  public init(
    id: FileID, owner: UserID, name: String, type: FileType, size: Int64, access: FileAccess, secret: String?,
    createdAt: Timestamp
  ) {
    self.id = id
    self.owner = owner
    self.name = name
    self.type = type
    self.size = size
    self.access = access
    self.secret = secret
    self.createdAt = createdAt
  }

  /// As a message carries it.
  public var attachment: Attachment { Attachment(id: id, name: name, type: type.rawValue, size: size) }
}

/// A file as a message carries it: what was known of it when it was sent.
public struct Attachment: Hashable, Sendable {
  /// The file.
  public let id: FileID
  /// Its name.
  public let name: String
  /// Its media type.
  public let type: String
  /// How many bytes.
  public let size: Int64

  /// Collects it.
  public init(id: FileID, name: String, type: String, size: Int64) {
    self.id = id
    self.name = name
    self.type = type
    self.size = size
  }
}

/// The name under which anyone may read a file of ``FileAccess/anyoneWithLink``: a UUID that carries the file's id and
/// a secret.
///
/// - Shape: `<uuid>` or `<uuid>_<name>`, where the name says nothing; the UUID is of version 8 (RFC 9562): 56 bits of
///   id, 64 bits of secret.
public struct PublicFileName: Hashable, Sendable {
  /// The file.
  public let id: FileID
  /// Sixteen hexadecimal digits.
  public let secret: String

  /// The name of a file, if it has one.
  public init?(_ file: File) {
    guard file.access == .anyoneWithLink, let secret = file.secret else { return nil }
    id = file.id
    self.secret = secret
  }

  /// Reads a name; nothing when it is none.
  public init?(parsing text: String) {
    let bytes = Array(text.utf8.prefix(37))
    guard bytes.count >= 36, bytes.count == 36 || bytes[36] == UInt8(ascii: "_") else { return nil }
    var digits: [UInt8] = []
    for (index, byte) in bytes.prefix(36).enumerated() {
      let isHyphen = PublicFileName.hyphens.contains(index)
      guard isHyphen ? byte == UInt8(ascii: "-") : PublicFileName.isDigit(byte) else { return nil }
      if !isHyphen { digits.append(byte) }
    }
    guard digits[12] == UInt8(ascii: "8"), digits[16] == UInt8(ascii: "8") else { return nil }
    let number = digits[0..<12] + digits[13..<15]
    guard let value = Int64(String(decoding: number, as: UTF8.self), radix: 16), let id = FileID(checking: value) else {
      return nil
    }
    self.id = id
    secret = String(decoding: digits[15..<16] + digits[17..<32], as: UTF8.self)
  }

  /// Sixteen digits out of random bytes.
  static func secret(from random: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = random.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The UUID.
  public var text: String {
    let hexadecimal = String(id.rawValue, radix: 16)
    let number = Array((String(repeating: "0", count: 14 - min(14, hexadecimal.utf8.count)) + hexadecimal).utf8)
    let secret = Array(self.secret.utf8)
    guard number.count == 14, secret.count == 16 else { return "" }
    let eight = UInt8(ascii: "8")
    let digits = number[..<12] + [eight] + number[12...] + secret[..<1] + [eight] + secret[1...]
    var text: [UInt8] = []
    for digit in digits {
      if PublicFileName.hyphens.contains(text.count) { text.append(UInt8(ascii: "-")) }
      text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The UUID with a name behind it that stands in any address: ASCII letters, digits, `.`, `_`, `-`, the ending kept.
  ///
  /// - Limits: ``nameBytesMax`` of the name.
  public func text(named name: String) -> String {
    let plain = name.unicodeScalars.map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      return isPlain || ".-".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
    }
    return text + "_" + String(plain.suffix(PublicFileName.nameBytesMax))
  }

  /// Bytes of the name behind the UUID: more than anybody reads, and the whole still fits where a picture is named.
  static let nameBytesMax = 100

  private static let hyphens: Set<Int> = [8, 13, 18, 23]

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// Whether the secrets are the same, in a time that does not tell where they differ.
  func opens(_ file: File) -> Bool {
    guard file.access == .anyoneWithLink, let other = file.secret, other.utf8.count == secret.utf8.count else {
      return false
    }
    return zip(secret.utf8, other.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
