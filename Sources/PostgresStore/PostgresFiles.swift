import ChatCore
import Postgres

/// What files there are, in PostgreSQL, in the bucket of their owner.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresFiles: FileStore {
  static let reserve = Statement(
    "files.reserve",
    "SELECT id, created_at FROM reserve_file($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
  static let complete = Statement(
    "files.complete", "UPDATE file SET state = 1 WHERE bucket = $1 AND id = $2 AND state < 2", repeatable: true)
  static let byID = Statement(
    "files.by_id",
    "SELECT \(columns) FROM file f WHERE f.bucket = $1 AND f.id = $2 AND f.state = 1 AND f.url IS NULL",
    repeatable: true)
  static let list = Statement(
    "files.list",
    """
    SELECT \(columns) FROM file f
    WHERE f.bucket = $1 AND f.owner = $2 AND f.id < $3 AND f.state = 1 AND f.url IS NULL ORDER BY f.id DESC LIMIT $4
    """, repeatable: true)
  static let retire = Statement(
    "files.retire",
    """
    UPDATE file SET state = 2 WHERE bucket = $1 AND id = $2 AND owner = $3 AND state = 1 AND url IS NULL RETURNING id
    """)
  /// One that is being completed too: it waits for that, and what completes it later finds it hidden.
  static let hide = Statement(
    "files.hide", "UPDATE file SET state = 2 WHERE bucket = $1 AND id = $2 AND state < 2 AND url IS NULL",
    repeatable: true)
  /// Locked, so that who is sending one has committed before it is asked whether it was sent, and who wants to send one
  /// from then on waits and does not find it.
  static let unshared = Statement(
    "files.unshared",
    """
    SELECT f.id FROM file f
    WHERE f.bucket = $1 AND f.owner = $2 AND f.id > $3 AND f.state < 2 AND f.url IS NULL
      AND (f.access = 'conversations' OR f.id = $5)
    ORDER BY f.id LIMIT $4 FOR NO KEY UPDATE
    """)
  /// A statement of its own, which sees what was committed before the locks were had.
  static let retireAll = Statement(
    "files.retire_all",
    """
    UPDATE file AS f SET state = 2
    WHERE f.bucket = $1 AND f.owner = $2 AND f.id = ANY ($3) AND f.state < 2
      AND NOT EXISTS (SELECT 1 FROM file_link l WHERE l.bucket = $1 AND l.file = f.id)
    """)
  static let forget = Statement("files.forget", "SELECT forget_file($1, $2)", repeatable: true)
  static let leftovers = Statement(
    "files.leftovers",
    """
    SELECT f.id FROM file f
    WHERE f.bucket = $1 AND f.owner = $2 AND f.state <> 1
      AND (f.state = 2 OR f.created_at < now() - $3::bigint * interval '1 millisecond')
      AND f.id > $4
    ORDER BY f.id LIMIT $5
    """, repeatable: true)
  static let usage = Statement(
    "files.usage", "SELECT u.bytes, u.files FROM file_usage u WHERE u.bucket = $1 AND u.owner = $2", repeatable: true)
  /// Locked until they are linked, in the order of ``unshared``, so that neither waits for the other.
  static let own = Statement(
    "files.own",
    """
    SELECT \(columns), (
        SELECT count(*) FROM file_link l WHERE l.bucket = $1 AND l.file = f.id AND l.conversation <> $4)
    FROM file f WHERE f.bucket = $1 AND f.id = ANY($2) AND f.owner = $3 AND f.state = 1 AND f.url IS NULL
    ORDER BY f.id FOR SHARE
    """)
  static let link = Statement(
    "files.link",
    """
    INSERT INTO file_link (bucket, file, conversation) SELECT $1, asked.id, $3 FROM unnest($2::bigint[]) AS asked (id)
    ON CONFLICT (bucket, file, conversation) DO NOTHING
    """)
  static let sent = Statement(
    "files.sent",
    "SELECT l.conversation FROM file_link l WHERE l.bucket = $1 AND l.file = $2 ORDER BY l.conversation LIMIT $3",
    repeatable: true)

  static let statements =
    [reserve, complete, byID, list, retire, hide, unshared, retireAll, forget, leftovers, usage, own, link, sent]
    + linkStatements

  private static let columns = "f.id, f.owner, f.name, f.type, f.size, f.access, f.secret, f.created_at"

  let pool: PostgresPool
  let failure: StoreFailure

  /// Makes the row of a file whose bytes are to come.
  public func reserve(_ new: NewFile, quota: FileUsage) async throws(ChatError) -> File {
    let row = NewRow(
      owner: new.owner, name: new.name, type: new.type.rawValue, size: new.size, access: new.access.rawValue,
      secret: new.secret)
    let made = try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.reserve, row.parameters(quota)).first.map { (row) throws(PostgresError) in
        (FileID(rawValue: try row.int8(0)), Timestamp(milliseconds: try row.time(1)))
      }
    }
    guard let (id, createdAt) = made else { throw .conflict(.fileQuota) }
    return File(
      id: id, owner: new.owner, name: new.name, type: new.type, size: new.size, access: new.access, secret: new.secret,
      createdAt: createdAt)
  }

  /// Says that the bytes are there.
  public func complete(_ id: FileID) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.complete, id.key).affected == 1
    }
  }

  /// A file whose bytes are there.
  public func file(_ id: FileID) async throws(ChatError) -> File? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.byID, id.key).first.map(Self.file)
    }
  }

  /// The owner's files, newest first.
  public func files(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [File] {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.list, Self.page(owner, before, limit)).map(Self.file)
    }
  }

  /// Begins to delete.
  public func retire(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      try await !pool.query(Self.retire, id.key + [.int8(owner.rawValue)]).isEmpty
    }
  }

  /// Begins to delete what an upload has left.
  public func hide(_ id: FileID) async throws(ChatError) {
    try await failure.translating { () throws(PostgresError) in _ = try await pool.query(Self.hide, id.key) }
  }

  /// Begins to delete what belongs to nothing else.
  public func retireUnshared(
    of owner: UserID, and picture: FileID?, after: FileID?, limit: Int
  ) async throws(ChatError) -> FileID? {
    let key: [Parameter] = [.int2(owner.bucket.number), .int8(owner.rawValue)]
    let page: [Parameter] = [
      .int8(after?.rawValue ?? 0), .int8(Int64(clamping: max(0, limit))), .int8(picture?.rawValue),
    ]
    return try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) in
        let rows = try await transaction.query(Self.unshared, key + page).map { (row) throws(PostgresError) in
          try row.int8(0)
        }
        if !rows.isEmpty { _ = try await transaction.query(Self.retireAll, key + [.int8s(rows)]) }
        return rows.count == limit ? rows.last.map(FileID.init(rawValue:)) : nil
      }
    }
  }

  /// Ends it.
  public func forget(_ id: FileID) async throws(ChatError) {
    try await failure.translating { () throws(PostgresError) in _ = try await pool.query(Self.forget, id.key) }
  }

  /// What did not end.
  public func leftovers(
    of owner: UserID, olderThan age: Milliseconds, after: FileID?, limit: Int
  ) async throws(ChatError) -> [FileID] {
    try await failure.translating { () throws(PostgresError) in
      let part: [Parameter] = [
        .int2(owner.bucket.number), .int8(owner.rawValue), .int8(age), .int8(after?.rawValue ?? 0),
        .int8(Int64(clamping: max(0, limit))),
      ]
      return try await pool.query(Self.leftovers, part).map { (row) throws(PostgresError) in
        FileID(rawValue: try row.int8(0))
      }
    }
  }

  /// What the owner's files take.
  public func usage(of owner: UserID) async throws(ChatError) -> FileUsage {
    try await failure.translating { () throws(PostgresError) in
      let found = try await pool.query(Self.usage, [.int2(owner.bucket.number), .int8(owner.rawValue)]).first
      return FileUsage(bytes: try found?.int8(0) ?? 0, files: try found?.int8(1) ?? 0)
    }
  }

  /// Lets those who may read the conversation read these files.
  public func link(
    _ ids: [FileID], of owner: UserID, to conversation: ConversationID, most: Int
  ) async throws(ChatError) -> [File] {
    let here = ids.filter { $0.bucket == owner.bucket }
    guard !here.isEmpty else { return [] }
    let (bucket, keys) = (Parameter.int2(owner.bucket.number), Parameter.int8s(here.map(\.rawValue)))
    let place = Parameter.int8(conversation.rawValue)
    do throws(NotLinked) {
      return try await pool.transaction(failing: { NotLinked.failed(failure($0)) }) { (transaction) throws(NotLinked) in
        let rows: [(file: File, sent: Int64)]
        do throws(PostgresError) {
          let answers = try await transaction.all([
            (Self.own, [bucket, keys, .int8(owner.rawValue), place]), (Self.link, [bucket, keys, place]),
          ])
          guard let found = answers.first else { throw .unexpectedReply("no answer to files.own") }
          rows = try found.map { (row) throws(PostgresError) in
            (file: try Self.file(row), sent: try row.int8(8))
          }
        } catch {
          throw .failed(failure(error))
        }
        guard rows.allSatisfy({ $0.sent < Int64(most) }) else { throw .failed(.conflict(.fileShared)) }
        guard rows.count == ids.count else { throw .someUnknown(known: rows.map(\.file)) }
        return ids.compactMap { id in rows.first { $0.file.id == id }?.file }
      }
    } catch {
      switch error {
      case .failed(let error): throw error
      case .someUnknown(let known): return known
      }
    }
  }

  /// Why the links that were made in the same round trip are taken back.
  private enum NotLinked: Error {
    case failed(ChatError)
    case someUnknown(known: [File])
  }

  /// The conversations into which the file was sent.
  public func conversations(of id: FileID, limit: Int) async throws(ChatError) -> [ConversationID] {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.sent, id.key + [.int8(Int64(clamping: max(0, limit)))]).map {
        (row) throws(PostgresError) in ConversationID(rawValue: try row.int8(0))
      }
    }
  }

  private static func file(_ row: Row) throws(PostgresError) -> File {
    guard let access = FileAccess(rawValue: try row.text(5)) else { throw .unexpectedReply("the access of a file") }
    return File(
      id: FileID(rawValue: try row.int8(0)), owner: UserID(rawValue: try row.int8(1)), name: try row.text(2),
      // A type that a newer node has found is served as bytes of no known kind.
      type: FileType(rawValue: try row.text(3)) ?? .unknown,
      // What no upload has left there is no size to reckon with.
      size: min(max(0, try row.int8(4)), 1 << 53), access: access,
      secret: try row.optionalText(6), createdAt: Timestamp(milliseconds: try row.time(7)))
  }

  static func page(_ owner: UserID, _ before: FileID?, _ limit: Int) -> [Parameter] {
    [
      .int2(owner.bucket.number), .int8(owner.rawValue), .int8(before?.rawValue ?? .max),
      .int8(Int64(clamping: max(0, limit))),
    ]
  }

  /// What `reserve_file` is told.
  struct NewRow {
    let owner: UserID
    let name: String
    let type: String
    let size: Int64
    let access: String
    var secret: String?
    var url: String?
    var conversation: ConversationID?
    var message: EntryID?

    func parameters(_ quota: FileUsage) -> [Parameter] {
      [
        .int2(owner.bucket.number), .int8(owner.rawValue), .text(name), .text(type), .int8(size), .text(access),
        .text(secret), .text(url), .int8(conversation?.rawValue), .int8(message?.rawValue), .int8(quota.bytes),
        .int8(quota.files),
      ]
    }
  }
}

extension FileID {
  /// Its bucket and number, as keys begin.
  var key: [Parameter] { [.int2(bucket.number), .int8(rawValue)] }
}
