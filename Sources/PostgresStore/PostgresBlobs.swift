import ChatCore
import Postgres

/// The bytes of files in PostgreSQL, a row for each ``FilePieces/bytesMax``, in the bucket of their owner.
///
/// - Cost: a piece is written, and read, at a time; so neither ever holds more of a file than the caller does.
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresBlobs: BlobStore {
  static let put = Statement(
    "blobs.put",
    """
    INSERT INTO file_piece (bucket, file, place, bytes) VALUES ($1, $2, $3, $4)
    ON CONFLICT (bucket, file, place) DO UPDATE SET bytes = excluded.bytes
    """, repeatable: true)
  static let get = Statement(
    "blobs.get",
    """
    SELECT substring(p.bytes FROM $4 FOR $5) FROM file_piece p WHERE p.bucket = $1 AND p.file = $2 AND p.place = $3
    """, repeatable: true)
  static let delete = Statement(
    "blobs.delete", "DELETE FROM file_piece WHERE bucket = $1 AND file = $2", repeatable: true)

  static let statements = [put, get, delete]

  let pool: PostgresPool
  let failure: StoreFailure

  /// Keeps the bytes.
  public func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) {
    try await failure.translating { () throws(PostgresError) in
      var rest = bytes
      var place: Int32 = 0
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int(FilePieces.bytesMax)))
        _ = try await pool.query(Self.put, id.key + [.int4(place), .bytes(piece)])
        rest = rest.dropFirst(piece.count)
        place += 1
      }
    }
  }

  /// A part of them within one piece.
  public func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
    let place = Int32(clamping: range.lowerBound / FilePieces.bytesMax)
    let start = Int32(clamping: range.lowerBound % FilePieces.bytesMax + 1)
    let part: [Parameter] = id.key + [.int4(place), .int4(start), .int4(Int32(clamping: range.count))]
    let found = try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.get, part).first.map { (row) throws(PostgresError) in try row.bytes(0) }
    }
    guard let found else { throw .notFound(.file) }
    return found
  }

  /// Drops them.
  public func delete(_ id: FileID) async throws(ChatError) {
    try await failure.translating { () throws(PostgresError) in _ = try await pool.query(Self.delete, id.key) }
  }
}
