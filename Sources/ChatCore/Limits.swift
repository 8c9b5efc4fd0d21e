/// What is too long, too many, too often, each with its unit and reason; all nodes of a cluster hold the same.
public struct Limits: Sendable, Hashable {
  /// UTF-8 bytes of a message's text: four pages of prose, and far below what a frame may carry (64 KiB).
  public var textBytesMax = 16_384
  /// UTF-8 bytes of a `client_message_id`: a UUID with a prefix, several times over.
  public var clientMessageIDBytesMax = 128
  /// UTF-8 bytes of a user name: it stands in every message.
  public var usernameBytesMax = 64
  /// UTF-8 bytes of a display name: 64 characters of any script.
  public var displayNameBytesMax = 256
  /// UTF-8 bytes of a title.
  public var titleBytesMax = 256
  /// UTF-8 bytes of an e-mail address (RFC 5321 section 4.5.3.1.3).
  public var emailBytesMax = 254
  /// UTF-8 bytes of a picture's URL: what the dialects' own databases hold.
  public var avatarURLBytesMax = 255
  /// Attributes of a user: the dialects name six; the rest is room for a client's own.
  public var attributesMax = 16
  /// Characters of an attribute's name.
  public var attributeNameBytesMax = 32
  /// UTF-8 bytes of an attribute: a public key of 2,048 bits in PEM; with all of them a row stays below 8 KiB.
  public var attributeBytesMax = 512
  /// UTF-8 bytes of a device's name.
  public var deviceBytesMax = 128
  /// Bytes of a password: NIST and OWASP ask for at least 8, and hashing must not be fed megabytes.
  public var passwordBytesMin = 8
  /// The longest password, in bytes.
  public var passwordBytesMax = 128
  /// Members of a group: one transaction locks the buckets of all who are added at creation.
  public var groupMembersMax = 256
  /// Members named in one request that makes a group, besides its maker.
  public var membersPerRequestMax = 255
  /// Members of a public conversation: what one hub follows without sharing a room out.
  public var publicMembersMax = 100_000
  /// Members that one conversation is shown with; the rest is paged.
  public var membersShownMax = 256
  /// Members that each conversation of a list is shown with: enough to name it, little enough for a page of a hundred.
  public var membersListedMax = 8
  /// Combining marks on one letter of a title or display name: living scripts need four, towers over the line do not.
  public var combiningMarksMax = 6
  /// Messages or entries of one page.
  public var pageMax = 100
  /// Messages or entries of one page when the caller does not say.
  public var pageDefault = 50
  /// Entries of one conversation that a resume sends; who misses more pages the history instead.
  public var resumeEntriesMax = 1_000
  /// Conversations that a `resume` may name: what one answer can carry.
  public var conversationsPerUserMax = 10_000
  /// Users of whom one request asks whether they are there: a page of contacts.
  public var presenceUsersMax = 100
  /// How long a rotated refresh token still gets the same successor: a lost answer is repeated within this.
  public var refreshGrace: Milliseconds = 30_000
  /// How long a sign-in session lives without a refresh: 30 days.
  public var sessionIdleMax: Milliseconds = 30 * 86_400_000
  /// Sign-in sessions of one user: past it the oldest ends.
  public var sessionsPerUserMax = 100

  /// The defaults.
  public init() {}
}
