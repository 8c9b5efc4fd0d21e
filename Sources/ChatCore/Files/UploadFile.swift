/// Keeps a file for the caller; what it is, its bytes say (``FileType``).
///
/// Reserved and counted first, then stored, then made visible: what dies in between is swept by a later upload.
///
/// - Limits: 1 … ``Limits/fileBytesMax`` bytes; ``Limits/fileQuotaBytes`` and ``Limits/filesPerUserMax`` a user.
/// - Throws: `.invalid` at `/file` when it is empty, `.tooLarge`, `.conflict(.fileQuota)`, `.unavailable`.
public struct UploadFile: Command {
  /// What the client calls it.
  public let name: String?
  /// The bytes.
  public let bytes: ArraySlice<UInt8>
  /// Who else may read it.
  public let access: FileAccess

  /// Collects what is asked.
  public init(name: String?, bytes: ArraySlice<UInt8>, access: FileAccess = .conversations) {
    self.name = name
    self.bytes = bytes
    self.access = access
  }

  /// Milliseconds after which an upload that did not end is swept: far longer than one may take.
  static let abandonedAfter: Milliseconds = 3_600_000
  /// Files swept with one upload: few, since the uploader waits for it.
  private static let sweptMax = 4

  /// Checks, counts, stores.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> File {
    guard !bytes.isEmpty else {
      throw .invalid([Fault(pointer: "/file", code: "too_short", detail: "file must have at least one byte.")])
    }
    guard bytes.count <= chat.limits.fileBytesMax else { throw .tooLarge(limit: chat.limits.fileBytesMax) }
    try await sweep(chat, caller.user)
    let secret = access == .anyoneWithLink ? PublicFileName.secret(from: chat.credentials.nonce()) : nil
    let new = NewFile(
      owner: caller.user, name: FileName.cleaned(name), type: FileType(sniffing: bytes), size: Int64(bytes.count),
      secret: secret)
    let file = try await chat.files.reserve(new, quota: chat.limits.fileQuota)
    do throws(ChatError) {
      try await chat.blobs.put(file.id, bytes)
      guard try await chat.files.complete(file.id) else { throw .unavailable(.files, retryAfter: 1_000) }
    } catch {
      // What cannot be undone now is swept by a later upload.
      try? await chat.undo(file)
      throw error
    }
    return file
  }

  private func sweep(_ chat: Chat, _ owner: UserID) async throws(ChatError) {
    let left = try await chat.files.leftovers(
      of: owner, olderThan: UploadFile.abandonedAfter, after: nil, limit: UploadFile.sweptMax)
    for id in left { try? await chat.drop(id) }
  }
}

extension Chat {
  /// Takes away what an upload has left that failed. Its completion may have been carried out, with an answer that was
  /// lost; so that it is found with its bytes or not at all, it is hidden before they go.
  fileprivate func undo(_ file: File) async throws(ChatError) {
    try await files.hide(file.id)
    try await drop(file.id)
  }

  /// Takes away the bytes of a file that nobody finds, then its row.
  func drop(_ id: FileID) async throws(ChatError) {
    try await blobs.delete(id)
    try await files.forget(id)
  }
}

/// Deletes one of the caller's files; messages go on naming it, and it is not found.
///
/// - Throws: `.notFound(.file)` also for another's.
public struct DeleteFile: Command {
  /// Which.
  public let file: FileID

  /// Names it.
  public init(file: FileID) { self.file = file }

  /// Deletes it; when its bytes cannot be dropped now, they are swept later and count until then.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    guard try await chat.files.retire(file, of: caller.user) else { throw .notFound(.file) }
    try? await chat.drop(file)
  }
}

/// Lists the caller's own files, newest first.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.invalid` at `/limit`.
public struct ListFiles: Command {
  /// The ``Listing/next`` of the page before.
  public let before: FileID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(before: FileID? = nil, limit: Int? = nil) {
    self.before = before
    self.limit = limit
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<File, FileID> {
    let limit = try chat.limits.page(limit)
    let found = try await chat.files.files(of: caller.user, before: before, limit: limit + 1)
    return Listing(found, limit: limit, cursor: \.id)
  }
}
