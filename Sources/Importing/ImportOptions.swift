import ChatCore

/// How a file is taken over.
public struct ImportOptions: Sendable {
  /// The name of the system that it comes from; keys of different systems never meet.
  public var source = "import"
  /// What is done when somebody has a name already and the record does not say.
  public var existing = ImportUser.Existing.refuse
  /// Whether names that are not allowed are made into ones that are.
  public var mayRename = false
  /// Whether the first line that is refused ends it.
  public var isStrict = false

  /// The defaults.
  public init() {}

  /// Whether that is a system's name: 1 to ``ImportKey/sourceBytesMax`` of `a` … `z`, digits and `-`.
  public static func isSource(_ text: String) -> Bool {
    (1...ImportKey.sourceBytesMax).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "-")
      }
  }
}

/// What has become of the lines so far.
public struct ImportTally: Sendable, Equatable {
  /// Lines that were read, blank ones not.
  public internal(set) var lines = 0
  /// Accounts made.
  public internal(set) var users = 0
  /// Accounts of others that were taken for those of the file.
  public internal(set) var reused = 0
  /// Accounts that got another name than they had.
  public internal(set) var renamed = 0
  /// Accounts with a password in clear that is shorter than a new one may be.
  public internal(set) var shortPasswords = 0
  /// Contacts and blocks.
  public internal(set) var contacts = 0
  /// Groups made.
  public internal(set) var groups = 0
  /// Messages stored.
  public internal(set) var messages = 0
  /// Accounts, groups and messages that an earlier run has stored.
  public internal(set) var before = 0
  /// Lines that did not go in.
  public internal(set) var refused = 0

  /// Nothing yet.
  public init() {}

  /// All of it, as one line for people.
  public var sentence: String {
    "\(lines) lines: \(users) users, \(contacts) contacts, \(groups) groups, \(messages) messages new; "
      + "\(before) there before, \(reused) users reused, \(renamed) renamed, \(shortPasswords) short passwords; "
      + "\(refused) refused"
  }
}

/// Why an import ended before its end: the database, or the file. Run again it goes on.
public struct ImportStopped: Error, Sendable {
  /// A sentence for the operator.
  public let sentence: String

  /// Words it.
  public init(_ sentence: String) { self.sentence = sentence }
}
