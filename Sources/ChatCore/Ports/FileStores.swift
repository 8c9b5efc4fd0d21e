/// Remembers what files there are, whose, and where they were sent; not their bytes, which ``BlobStore`` keeps.
///
/// A file is reserved before its bytes are stored and forgotten after they are gone, so that bytes are never there
/// without a row that counts them, whatever dies in between.
public protocol FileStore: Sendable {
  /// Makes the row of a file whose bytes are to come, counted against what its owner may have in the same transaction.
  ///
  /// - Throws: `.conflict(.fileQuota)`, also when the owner's account has ended.
  func reserve(_ new: NewFile, quota: FileUsage) async throws(ChatError) -> File
  /// Says that the bytes are there; false when the row is gone.
  func complete(_ id: FileID) async throws(ChatError) -> Bool
  /// A file whose bytes are there.
  func file(_ id: FileID) async throws(ChatError) -> File?
  /// The owner's files whose bytes are here, newest first, below `before`.
  func files(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [File]
  /// Begins to delete: from now on nobody finds the file; false when the owner has no such file.
  func retire(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool
  /// Begins to delete a file whose upload failed: it is not found from now on, and what completes it later fails.
  func hide(_ id: FileID) async throws(ChatError)
  /// Ends it, after the bytes are gone: takes away row and links, and counts the file no more. Once complete and not
  /// retired, a file stays.
  func forget(_ id: FileID) async throws(ChatError)
  /// Begins to delete those of the owner's files that belong to nothing else: sent into no conversation, and no
  /// ``PublicFileName`` given, unless it is `picture`; those whose bytes are yet to come too. One that is being sent
  /// meanwhile either stays or is not found by who sends it. Looks at `limit` of them, ascending after `after`, and
  /// gives the last that it looked at; nil when there are no more.
  func retireUnshared(of owner: UserID, and picture: FileID?, after: FileID?, limit: Int) async throws(ChatError)
    -> FileID?
  /// Files of the owner that are being deleted, or were reserved that long ago and never completed; ascending after
  /// `after`.
  func leftovers(
    of owner: UserID, olderThan age: Milliseconds, after: FileID?, limit: Int
  ) async throws(ChatError) -> [FileID]
  /// What the owner's files take, those that are being uploaded or deleted too.
  func usage(of owner: UserID) async throws(ChatError) -> FileUsage
  /// Lets those who may read the conversation read these files; gives those of them that are the owner's and there, in
  /// the order asked for.
  ///
  /// - Throws: `.conflict(.fileShared)` when one was sent into `most` other conversations.
  func link(_ ids: [FileID], of owner: UserID, to conversation: ConversationID, most: Int) async throws(ChatError)
    -> [File]
  /// The conversations into which the file was sent.
  func conversations(of id: FileID, limit: Int) async throws(ChatError) -> [ConversationID]

  /// Remembers a file that lies elsewhere, at a message of the owner's own or at a conversation of which he is a member
  /// (checked in the transaction).
  ///
  /// - Throws: ``Fault/unknownFileMessage``, ``Fault/unknownFileConversation``, `.conflict(.fileQuota)`.
  func register(_ new: NewFileLink, quota: FileUsage) async throws(ChatError) -> FileLink
  /// One of them.
  func fileLink(_ id: FileID) async throws(ChatError) -> FileLink?
  /// The owner's, newest first, below `before`.
  func fileLinks(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [FileLink]
  /// Those at that place, ascending by id after `after`.
  func fileLinks(at place: FilePlace, after: FileID?, limit: Int) async throws(ChatError) -> [FileLink]
  /// Those at any of these messages of one conversation, by message and id; a message that was deleted has none.
  func fileLinks(of messages: [EntryID], in conversation: ConversationID, limit: Int) async throws(ChatError)
    -> [FileLink]
  /// Takes one of the owner's away; false when he has no such one.
  func unregister(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool
}

/// Keeps the bytes of files.
///
/// - Errors: `.unavailable(.files)` or `.unavailable(.database)` when they cannot be had now.
public protocol BlobStore: Sendable {
  /// Keeps the bytes; nothing is kept of that file yet, or what an earlier try has left.
  func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError)
  /// A part of them, which lies within one piece of ``FilePieces/bytesMax``.
  ///
  /// - Throws: `.notFound(.file)` when they are gone.
  func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8]
  /// Drops them; that there are none is no error.
  func delete(_ id: FileID) async throws(ChatError)
}

/// How much somebody has, or may have.
public struct FileUsage: Hashable, Sendable {
  /// Bytes that are kept here.
  public var bytes: Int64
  /// Files, those that lie elsewhere too.
  public var files: Int64

  /// Collects it.
  public init(bytes: Int64, files: Int64) {
    self.bytes = bytes
    self.files = files
  }
}

/// A file that is to be kept.
public struct NewFile: Hashable, Sendable {
  /// Whose.
  public let owner: UserID
  /// Its cleaned name.
  public let name: String
  /// What it is.
  public let type: FileType
  /// How many bytes.
  public let size: Int64
  /// Of a file that anyone with its name may read.
  public let secret: String?

  /// Collects it.
  public init(owner: UserID, name: String, type: FileType, size: Int64, secret: String? = nil) {
    self.owner = owner
    self.name = name
    self.type = type
    self.size = size
    self.secret = secret
  }

  /// Who else may read it.
  public var access: FileAccess { secret == nil ? .conversations : .anyoneWithLink }
}

/// Where a file that lies elsewhere belongs.
public enum FilePlace: Hashable, Sendable {
  /// To one message.
  case message(EntryID)
  /// To a conversation as a whole.
  case conversation(ConversationID)
}

/// A file that lies elsewhere, as its owner describes it.
public struct NewFileLink: Hashable, Sendable {
  /// Who says so.
  public let owner: UserID
  /// Its cleaned name.
  public let name: String
  /// Where it lies.
  public let url: String
  /// How many bytes it is said to have.
  public let size: Int64
  /// Where it belongs.
  public let place: FilePlace

  /// Collects it.
  public init(owner: UserID, name: String, url: String, size: Int64, place: FilePlace) {
    self.owner = owner
    self.name = name
    self.url = url
    self.size = size
    self.place = place
  }
}

/// A file that lies elsewhere; nobody here has seen its bytes.
public struct FileLink: Hashable, Sendable {
  /// Its id.
  public let id: FileID
  /// Who has named it.
  public let owner: Author
  /// Its name.
  public let name: String
  /// Where it lies.
  public let url: String
  /// How many bytes it is said to have.
  public let size: Int64
  /// The conversation in which it was named.
  public let conversation: ConversationID
  /// The message to which it belongs, if it is not the conversation's as a whole.
  public let message: EntryID?
  /// When it was named.
  public let createdAt: Timestamp

  /// Makes one from what a store remembers.
  public init(
    id: FileID, owner: Author, name: String, url: String, size: Int64, conversation: ConversationID, message: EntryID?,
    createdAt: Timestamp
  ) {
    self.id = id
    self.owner = owner
    self.name = name
    self.url = url
    self.size = size
    self.conversation = conversation
    self.message = message
    self.createdAt = createdAt
  }
}

extension Fault {
  /// What a store says of a message that is not the owner's own.
  public static let unknownFileMessage = Fault(
    pointer: "/message", code: "unknown_message", detail: "message must be one of your own.")
  /// What a store says of a conversation of which the owner is no member.
  public static let unknownFileConversation = Fault(
    pointer: "/conversation", code: "unknown_conversation", detail: "conversation must be one of yours.")
}
