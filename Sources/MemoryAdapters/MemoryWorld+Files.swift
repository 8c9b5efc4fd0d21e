import ChatCore

extension Ledger {
  /// Files of all owners.
  struct FileShelf {
    enum State { case reserved, there, retired }

    struct Row {
      let file: File
      var state: State
      var sent: Set<ConversationID> = []
    }

    var rows: [FileID: Row] = [:]
    var links: [FileID: FileLink] = [:]
    var usage: [UserID: FileUsage] = [:]
    var bytes: [FileID: [UInt8]] = [:]
  }
}

extension MemoryWorld: FileStore {
  /// Makes the row of a file whose bytes are to come.
  public func reserve(_ new: NewFile, quota: FileUsage) async throws(ChatError) -> File {
    try transaction { (ledger, now) throws(ChatError) in
      if ledger.users[new.owner]?.isGone == true { throw .conflict(.fileQuota) }
      let id = try ledger.count(new.size, of: new.owner, quota)
      let file = File(
        id: id, owner: new.owner, name: new.name, type: new.type, size: new.size, access: new.access,
        secret: new.secret, createdAt: now)
      ledger.shelf.rows[id] = Ledger.FileShelf.Row(file: file, state: .reserved)
      return file
    }
  }

  /// Says that the bytes are there.
  public func complete(_ id: FileID) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      guard let row = ledger.shelf.rows[id], row.state != .retired else { return false }
      ledger.shelf.rows[id]?.state = .there
      return true
    }
  }

  /// A file whose bytes are there.
  public func file(_ id: FileID) async throws(ChatError) -> File? {
    try transaction { (ledger, _) throws(ChatError) in ledger.whole(id)?.file }
  }

  /// The owner's files, newest first.
  public func files(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [File] {
    try transaction { (ledger, _) throws(ChatError) in
      let own = ledger.shelf.rows.values.filter { row in
        row.state == .there && row.file.owner == owner && before.map { row.file.id < $0 } ?? true
      }
      return Array(own.map(\.file).sorted { $0.id > $1.id }.prefix(max(0, limit)))
    }
  }

  /// Begins to delete.
  public func retire(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      guard ledger.whole(id)?.file.owner == owner else { return false }
      ledger.shelf.rows[id]?.state = .retired
      return true
    }
  }

  /// Begins to delete what an upload has left.
  public func hide(_ id: FileID) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in ledger.shelf.rows[id]?.state = .retired }
  }

  /// Begins to delete what belongs to nothing else.
  public func retireUnshared(
    of owner: UserID, and picture: FileID?, after: FileID?, limit: Int
  ) async throws(ChatError) -> FileID? {
    try transaction { (ledger, _) throws(ChatError) in
      let own = ledger.shelf.rows.values.filter { row in
        row.file.owner == owner && row.state != .retired && after.map { row.file.id > $0 } ?? true
      }
      let page = own.sorted { $0.file.id < $1.file.id }.prefix(max(0, limit))
      for row in page where row.sent.isEmpty && (row.file.access == .conversations || row.file.id == picture) {
        ledger.shelf.rows[row.file.id]?.state = .retired
      }
      return page.count == limit ? page.last?.file.id : nil
    }
  }

  /// Ends it.
  public func forget(_ id: FileID) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in
      guard let row = ledger.shelf.rows[id], row.state != .there else { return }
      ledger.shelf.rows[id] = nil
      ledger.uncount(row.file.size, of: row.file.owner)
    }
  }

  /// What did not end.
  public func leftovers(
    of owner: UserID, olderThan age: Milliseconds, after: FileID?, limit: Int
  ) async throws(ChatError) -> [FileID] {
    try transaction { (ledger, now) throws(ChatError) in
      let left = ledger.shelf.rows.values.filter { row in
        row.file.owner == owner && after.map { row.file.id > $0 } ?? true
          && (row.state == .retired || row.state == .reserved && row.file.createdAt.adding(milliseconds: age) < now)
      }
      return Array(left.map(\.file.id).sorted().prefix(max(0, limit)))
    }
  }

  /// What the owner's files take.
  public func usage(of owner: UserID) async throws(ChatError) -> FileUsage {
    try transaction { (ledger, _) throws(ChatError) in ledger.shelf.usage[owner] ?? FileUsage(bytes: 0, files: 0) }
  }

  /// Lets those who may read the conversation read these files.
  public func link(
    _ ids: [FileID], of owner: UserID, to conversation: ConversationID, most: Int
  ) async throws(ChatError) -> [File] {
    try transaction { (ledger, _) throws(ChatError) in
      let rows = ids.compactMap { ledger.whole($0) }.filter { $0.file.owner == owner }
      guard rows.allSatisfy({ $0.sent.subtracting([conversation]).count < most }) else { throw .conflict(.fileShared) }
      guard rows.count == ids.count else { return rows.map(\.file) }
      for id in ids { ledger.shelf.rows[id]?.sent.insert(conversation) }
      return rows.map(\.file)
    }
  }

  /// The conversations into which the file was sent.
  public func conversations(of id: FileID, limit: Int) async throws(ChatError) -> [ConversationID] {
    try transaction { (ledger, _) throws(ChatError) in
      Array((ledger.shelf.rows[id]?.sent ?? []).sorted().prefix(max(0, limit)))
    }
  }
}

extension MemoryWorld {
  /// Remembers a file that lies elsewhere.
  public func register(_ new: NewFileLink, quota: FileUsage) async throws(ChatError) -> FileLink {
    try transaction { (ledger, now) throws(ChatError) in
      let conversation: ConversationID
      var message: EntryID?
      switch new.place {
      case .conversation(let id): conversation = id
      case .message(let id):
        guard let said = ledger.message(id), said.sender.id == new.owner, said.deletedAt == nil else {
          throw .invalid([.unknownFileMessage])
        }
        (conversation, message) = (said.conversation, id)
      }
      guard let member = ledger.conversations[conversation]?.members[new.owner] else {
        throw .invalid([message == nil ? .unknownFileConversation : .unknownFileMessage])
      }
      let id = try ledger.count(0, of: new.owner, quota)
      let link = FileLink(
        id: id, owner: Author(id: new.owner, username: member.username), name: new.name, url: new.url, size: new.size,
        conversation: conversation, message: message, createdAt: now)
      ledger.shelf.links[id] = link
      return link
    }
  }

  /// One of them.
  public func fileLink(_ id: FileID) async throws(ChatError) -> FileLink? {
    try transaction { (ledger, _) throws(ChatError) in ledger.shelf.links[id] }
  }

  /// The owner's, newest first.
  public func fileLinks(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [FileLink] {
    try transaction { (ledger, _) throws(ChatError) in
      let own = ledger.shelf.links.values.filter { link in
        link.owner.id == owner && before.map { link.id < $0 } ?? true
      }
      return Array(own.sorted { $0.id > $1.id }.prefix(max(0, limit)))
    }
  }

  /// Those at that place.
  public func fileLinks(at place: FilePlace, after: FileID?, limit: Int) async throws(ChatError) -> [FileLink] {
    try transaction { (ledger, _) throws(ChatError) in
      let found = ledger.shelf.links.values.filter { link in
        let isThere =
          switch place {
          case .conversation(let id): link.conversation == id && link.message == nil
          case .message(let id): link.message == id && ledger.message(id)?.deletedAt == nil
          }
        return isThere && after.map { link.id > $0 } ?? true
      }
      return Array(found.sorted { $0.id < $1.id }.prefix(max(0, limit)))
    }
  }

  /// Those at any of these messages.
  public func fileLinks(
    of messages: [EntryID], in conversation: ConversationID, limit: Int
  ) async throws(ChatError) -> [FileLink] {
    try transaction { (ledger, _) throws(ChatError) in
      let wanted = Set(messages.filter { ledger.message($0).map { $0.deletedAt == nil } ?? false })
      let found = ledger.shelf.links.values.compactMap { link in
        link.message.flatMap { link.conversation == conversation && wanted.contains($0) ? (at: $0, link: link) : nil }
      }
      return found.sorted { ($0.at, $0.link.id) < ($1.at, $1.link.id) }.prefix(max(0, limit)).map(\.link)
    }
  }

  /// Takes one of the owner's away.
  public func unregister(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      guard ledger.shelf.links[id]?.owner.id == owner else { return false }
      ledger.shelf.links[id] = nil
      ledger.uncount(0, of: owner)
      return true
    }
  }
}

extension MemoryWorld: BlobStore {
  /// Keeps the bytes.
  public func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in ledger.shelf.bytes[id] = Array(bytes) }
  }

  /// A part of them.
  public func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
    try transaction { (ledger, _) throws(ChatError) in
      guard let bytes = ledger.shelf.bytes[id] else { throw .notFound(.file) }
      let part = Int(clamping: range.lowerBound)..<Int(clamping: range.upperBound)
      return Array(bytes[part.clamped(to: bytes.indices)])
    }
  }

  /// Drops them.
  public func delete(_ id: FileID) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in ledger.shelf.bytes[id] = nil }
  }
}

extension Ledger {
  /// A file that can be found.
  fileprivate func whole(_ id: FileID) -> FileShelf.Row? {
    guard let row = shelf.rows[id], row.state == .there else { return nil }
    return row
  }

  /// Counts one file more, and gives its id.
  fileprivate mutating func count(_ bytes: Int64, of owner: UserID, _ quota: FileUsage) throws(ChatError) -> FileID {
    var usage = shelf.usage[owner] ?? FileUsage(bytes: 0, files: 0)
    usage.bytes += bytes
    usage.files += 1
    guard usage.bytes <= quota.bytes, usage.files <= quota.files else { throw .conflict(.fileQuota) }
    shelf.usage[owner] = usage
    return FileID(counter: nextIdentifier(), bucket: owner.bucket)
  }

  fileprivate mutating func uncount(_ bytes: Int64, of owner: UserID) {
    shelf.usage[owner]?.bytes -= bytes
    shelf.usage[owner]?.files -= 1
  }
}
