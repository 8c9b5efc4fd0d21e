/// Shows a file to who may read it: its owner, and who may read a conversation into which its owner has sent it.
///
/// - Throws: `.notFound(.file)` to anyone else.
public struct ShowFile: Command {
  /// Which.
  public let file: FileID

  /// Names it.
  public init(file: FileID) { self.file = file }

  /// Looks, and asks each conversation for its members now.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> File {
    guard let found = try await chat.files.file(file) else { throw .notFound(.file) }
    if found.owner == caller.user { return found }
    let sent = try await chat.files.conversations(of: file, limit: chat.limits.conversationsPerFileMax)
    for conversation in sent {
      let seen = try await chat.conversations.conversation(conversation, for: caller.user, members: 0)
      if seen != nil { return found }
    }
    throw .notFound(.file)
  }
}

/// Reads a file, or a part of it, piece by piece, as ``ShowFile`` allows.
///
/// - Throws: `.notFound(.file)`.
public struct ReadFile: Command {
  /// Which.
  public let file: FileID
  /// Which bytes; nil is all. What lies past the end is left out.
  public let range: Range<Int64>?

  /// Collects what is asked.
  public init(file: FileID, range: Range<Int64>? = nil) {
    self.file = file
    self.range = range
  }

  /// Looks; the bytes are read as they are asked for.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> FilePieces {
    FilePieces(try await ShowFile(file: file).run(in: chat, as: caller), range, chat.blobs)
  }
}

/// Reads a file of ``FileAccess/anyoneWithLink`` by its ``PublicFileName``; nobody needs to sign in.
///
/// - Throws: `.notFound(.file)`.
public struct ReadPublicFile: OpenCommand {
  /// Its name, as the client spells it.
  public let name: String
  /// Which bytes; nil is all.
  public let range: Range<Int64>?

  /// Collects what is asked.
  public init(name: String, range: Range<Int64>? = nil) {
    self.name = name
    self.range = range
  }

  /// Looks; a wrong secret is answered as a file that is not there.
  public func run(in chat: Chat) async throws(ChatError) -> FilePieces {
    guard let name = PublicFileName(parsing: name), let found = try await chat.files.file(name.id), name.opens(found)
    else { throw .notFound(.file) }
    return FilePieces(found, range, chat.blobs)
  }
}

/// A file that is being read: what is known of it, and its bytes a piece at a time.
public struct FilePieces: Sendable {
  /// Bytes of a piece: what one row holds and one read brings, so that a reader costs this much memory.
  public static let bytesMax: Int64 = 262_144

  /// The file.
  public let file: File
  /// Which of its bytes.
  public let range: Range<Int64>
  private let blobs: any BlobStore
  private var next: Int64

  init(_ file: File, _ range: Range<Int64>?, _ blobs: any BlobStore) {
    self.file = file
    self.range = (range ?? 0..<file.size).clamped(to: 0..<file.size)
    self.blobs = blobs
    next = self.range.lowerBound
  }

  /// The same file, that part of it.
  public func part(_ range: Range<Int64>) -> FilePieces { FilePieces(file, range, blobs) }

  /// The next bytes; nil after the last.
  ///
  /// - Throws: `.notFound(.file)` when it was deleted meanwhile.
  public mutating func piece() async throws(ChatError) -> [UInt8]? {
    guard next < range.upperBound else { return nil }
    let end = min(range.upperBound, (next / FilePieces.bytesMax + 1) * FilePieces.bytesMax)
    let bytes = try await blobs.bytes(of: file.id, in: next..<end)
    guard Int64(bytes.count) == end - next else { throw .notFound(.file) }
    next = end
    return bytes
  }
}
