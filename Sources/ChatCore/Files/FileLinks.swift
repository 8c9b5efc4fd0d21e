/// Names a file that lies elsewhere, at one message of the caller's own or at one conversation of his.
///
/// - Limits: ``Limits/linkedFileBytesMax``; names that end in one of ``RegisterFileLink/endings``; `url` as
///   ``RegisterFileLink/urlBytesMax`` and http or https without a password, or a path.
/// - Throws: `.invalid` at `/name`, `/url`, `/size` (code `too_large`), `/name` (code `not_allowed`), `/place` (none
///   was named), `/message`, `/conversation`, in that order, one at a time; `.conflict(.fileQuota)`.
/// - Source: dialects.md 4.2.
public struct RegisterFileLink: Command {
  /// What it is called.
  public let name: String
  /// Where it lies.
  public let url: String
  /// How many bytes it is said to have.
  public let size: Int64
  /// Where it belongs; nil is refused once the file itself is right.
  public let place: FilePlace?

  /// Endings of names that are taken: documents and images.
  public static let endings: Set<String> = [
    "pdf", "doc", "docx", "png", "jpg", "jpeg", "gif", "bmp", "tiff", "webp",
  ]
  /// Bytes of a URL: what browsers and servers agree on.
  public static let urlBytesMax = 2_048

  /// Collects what is asked.
  public init(name: String, url: String, size: Int64, place: FilePlace?) {
    self.name = name
    self.url = url
    self.size = size
    self.place = place
  }

  /// Checks and stores.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> FileLink {
    let most = chat.limits.linkedFileBytesMax
    try refuse("/name", "too_short", "name must not be empty.", unless: !name.isEmpty)
    try refuse("/url", "invalid_format", "url must be an http or https URL, or a path.", unless: isLocator)
    try refuse("/size", "out_of_range", "size must be at least 1.", unless: size > 0)
    try refuse("/size", "too_large", "size must be at most \(most).", unless: size <= most)
    let cleaned = FileName.cleaned(name)
    let ending = cleaned.split(separator: ".").last.map { $0.lowercased() } ?? ""
    try refuse(
      "/name", "not_allowed", "name must end as a document or an image does.",
      unless: cleaned.contains(".") && RegisterFileLink.endings.contains(ending))
    guard let place else {
      throw .invalid([Fault(pointer: "/place", code: "missing", detail: "place must name a message or a conversation.")]
      )
    }
    try await checkReach(of: place, chat, caller.user)
    let new = NewFileLink(owner: caller.user, name: cleaned, url: url, size: size, place: place)
    return try await chat.files.register(new, quota: chat.limits.fileQuota)
  }

  /// Between two of whom one blocks the other nothing is put.
  private func checkReach(of place: FilePlace, _ chat: Chat, _ user: UserID) async throws(ChatError) {
    let conversation: ConversationID? =
      switch place {
      case .conversation(let id): id
      case .message(let id): try await chat.messages.message(id, for: user)?.conversation
      }
    // What two others are to each other is not told to whoever names their conversation.
    guard let conversation, let standing = try await chat.messages.standing(of: user, in: conversation),
      standing.member != nil, let pair = standing.pair
    else { return }
    try ContactRules.checkSaying(pair, by: user, at: chat.clock.now)
  }

  private func refuse(_ pointer: String, _ code: String, _ detail: String, unless holds: Bool) throws(ChatError) {
    if !holds { throw .invalid([Fault(pointer: pointer, code: code, detail: detail)]) }
  }

  /// Visible ASCII; `http:`, `https:` with a host and no user, or a path of the same server.
  private var isLocator: Bool {
    guard (1...RegisterFileLink.urlBytesMax).contains(url.utf8.count),
      url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
    else { return false }
    if url.hasPrefix("/") { return !url.hasPrefix("//") }
    guard let scheme = ["http://", "https://"].first(where: { url.lowercased().hasPrefix($0) }) else { return false }
    let host = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    return !host.isEmpty && !host.contains("@")
  }
}

/// Shows a file that lies elsewhere to who has named it.
///
/// - Throws: `.notFound(.file)`; `.forbidden(.notTheOwner)` to others, who may list it where it belongs.
public struct ShowFileLink: Command {
  /// Which.
  public let file: FileID

  /// Names it.
  public init(file: FileID) { self.file = file }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> FileLink {
    guard let found = try await chat.files.fileLink(file) else { throw .notFound(.file) }
    guard found.owner.id == caller.user else { throw .forbidden(.notTheOwner) }
    return found
  }
}

/// Takes away the mention of a file that lies elsewhere; only who has named it may.
///
/// - Throws: as ``ShowFileLink``.
public struct DeleteFileLink: Command {
  /// Which.
  public let file: FileID

  /// Names it.
  public init(file: FileID) { self.file = file }

  /// Checks and deletes.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    _ = try await ShowFileLink(file: file).run(in: chat, as: caller)
    guard try await chat.files.unregister(file, of: caller.user) else { throw .notFound(.file) }
  }
}

/// Lists files that lie elsewhere: the caller's own, newest first, or those at a message or conversation that he may
/// read, oldest first.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.notFound(.conversation)` at a conversation that he may not see; a message that he may not see, or that
///   is none, has no files.
public struct ListFileLinks: Command {
  /// Where; nil is the caller's own.
  public let place: FilePlace?
  /// The ``Listing/next`` of the page before.
  public let cursor: FileID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(at place: FilePlace? = nil, cursor: FileID? = nil, limit: Int? = nil) {
    self.place = place
    self.cursor = cursor
    self.limit = limit
  }

  /// Checks and looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<FileLink, FileID> {
    let limit = try chat.limits.page(limit)
    guard let place else {
      let own = try await chat.files.fileLinks(of: caller.user, before: cursor, limit: limit + 1)
      return Listing(own, limit: limit, cursor: \.id)
    }
    if case .conversation(let id) = place { _ = try await chat.visible(id, to: caller) }
    let found = try await chat.files.fileLinks(at: place, after: cursor, limit: limit + 1)
    if case .message = place, let first = found.first {
      let seen = try await chat.conversations.conversation(first.conversation, for: caller.user, members: 0)
      guard seen != nil else { return Listing([], limit: limit, cursor: \.id) }
    }
    return Listing(found, limit: limit, cursor: \.id)
  }
}

/// Shows the files that lie elsewhere and belong to messages of one conversation that the caller may read, by message
/// and id.
///
/// - Limits: any number of messages, read ``Limits/pageMax`` at a time, with ten files each on average; past that the
///   last messages of a page show fewer.
/// - Throws: `.notFound(.conversation)`.
public struct ShowFileLinks: Command {
  /// Of which messages.
  public let messages: [EntryID]
  /// Where they were said.
  public let conversation: ConversationID

  /// Collects what is asked.
  public init(of messages: [EntryID], in conversation: ConversationID) {
    self.messages = messages
    self.conversation = conversation
  }

  /// Checks and looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [FileLink] {
    _ = try await chat.visible(conversation, to: caller)
    let size = chat.limits.pageMax
    var (found, rest): ([FileLink], ArraySlice<EntryID>) = ([], messages[...])
    while !rest.isEmpty {
      found += try await chat.files.fileLinks(
        of: Array(rest.prefix(size)), in: conversation, limit: size * chat.limits.attachmentsMax)
      rest = rest.dropFirst(size)
    }
    return found
  }
}
