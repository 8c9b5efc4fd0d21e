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
  /// UTF-8 bytes of a picture's address: a signed link of an object store fits.
  public var pictureBytesMax = 1_024
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
  /// UTF-8 bytes of a reaction: the longest emoji of families and flags has some 40.
  public var emojiBytesMax = 64
  /// Different reactions on one message: they travel with it, and nobody tells more apart.
  public var reactionsPerMessageMax = 20
  /// Members up to which typing and read marks are told: in a crowd they are n² frames that nobody looks at.
  public var signalMembersMax = 256
  /// Deliveries a second that one conversation of more members than ``signalMembersMax`` may cause, a message being as
  /// many as there are members: what seven cores send one by one at 14 µs, fewer when frames gather; 50 messages a
  /// second to 10,000. Who comes may take from a tenth more, which nobody else may, and whose account has ended goes by
  /// a fiftieth more. 0: not counted.
  public var fanOutPerSecond: Double = 500_000
  /// Deliveries that it may cause at once: two seconds' worth.
  public var fanOutBurst = 1_000_000
  /// Entries of one conversation that a resume sends; who misses more pages the history instead.
  public var resumeEntriesMax = 1_000
  /// Conversations of one user, the self conversation aside, and deleted ones once he has asked for his list or
  /// resumed: past it he makes, joins and is added to none; past three quarters of it
  /// (``ConversationRules/mostByOthers(_:)``) nobody adds him to one; an import may fill it. What one answer to a
  /// resume can carry.
  public var conversationsPerUserMax = 10_000
  /// Bytes of a file: a photo of any camera, a long document; an upload is held in memory while it arrives.
  public var fileBytesMax = 26_214_400
  /// Bytes of all files of one user: forty of the largest.
  public var fileQuotaBytes = 1_073_741_824
  /// Files of one user, those that lie elsewhere too: so that tiny ones are bounded as well.
  public var filesPerUserMax = 100_000
  /// Files that one message carries: a handful of photos.
  public var attachmentsMax = 10
  /// Conversations into which one file may be sent: each is asked when a stranger to the file reads it.
  public var conversationsPerFileMax = 64
  /// Bytes that a file which lies elsewhere is said to have: what the clients that name such files take (5 MiB).
  public var linkedFileBytesMax: Int64 = 5_242_880
  /// Users of whom one request asks whether they are there: a page of contacts.
  public var presenceUsersMax = 100
  /// How long a rotated refresh token still gets the same successor: a lost answer is repeated within this.
  public var refreshGrace: Milliseconds = 30_000
  /// How long a sign-in session lives without a refresh: 30 days.
  public var sessionIdleMax: Milliseconds = 30 * 86_400_000
  /// Sign-in sessions of one user: past it the oldest ends.
  public var sessionsPerUserMax = 100
  /// Contacts of one user, of any state: past it he adds none and nobody asks him. The longest list that a dialect
  /// answers in one piece; blocking goes on to twice that, so that a full list leaves nobody defenceless.
  public var contactsPerUserMax = 5_000
  /// How long one who is timed out may not write: what the dialects' clients know as a minute.
  public var contactTimeout: Milliseconds = 60_000
  /// Names suggested for one that does not exist: what the dialects' clients show.
  public var suggestionsMax = 5
  /// Letters by which a suggested name may differ.
  public var suggestionDistanceMax = 3

  /// The defaults.
  public init() {}

  /// What the files of one user may take.
  var fileQuota: FileUsage { FileUsage(bytes: Int64(fileQuotaBytes), files: Int64(filesPerUserMax)) }
}
