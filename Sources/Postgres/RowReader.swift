import CPostgres

/// Reads an answer's values where they stand, of columns whose types are looked at once for all rows: for answers of
/// which every value is read. Its functions go into the caller's loop, since there is one for each value.
///
/// - Errors: as ``Row``'s.
/// - Isolation: as the answer's; what is lent is valid as long as the reader.
public struct RowReader: Sendable {
  /// A column's type.
  public enum Column: Sendable {
    /// `bigint`.
    case int8
    /// `text`.
    case text
    /// `timestamptz`.
    case time
    /// ``Record``, in a `bytea`.
    case record

    fileprivate func takes(_ type: UInt32) -> Bool {
      switch self {
      case .int8: type == TypeID.int8
      case .text: type == TypeID.text || type == TypeID.varchar
      case .time: type == TypeID.timestamptz
      case .record: type == TypeID.bytea
      }
    }
  }

  /// Where it reads, counted from 0; an answer has nothing but NULL beyond its rows.
  public var row: Int32 = 0
  @usableFromInline let rows: Rows

  /// A reader at the first row of an answer that has these columns, or begins with them.
  ///
  /// - Throws: ``PostgresError/unexpectedReply(_:)`` when it has others.
  public init(_ rows: Rows, _ columns: [Column]) throws(PostgresError) {
    guard rows.types.count >= columns.count else { throw .unexpectedReply("\(rows.types.count) columns") }
    for (place, column) in columns.enumerated() where !column.takes(rows.types[place]) {
      throw .unexpectedReply("column \(place) has type \(rows.types[place]), not \(column)")
    }
    self.rows = rows
  }

  /// `bigint`.
  @inlinable public func int8(_ column: Int32) throws(PostgresError) -> Int64 {
    guard let value = try number(column) else { throw missing(column) }
    return value
  }

  @inlinable @inline(__always)
  func number(_ column: Int32) throws(PostgresError) -> Int64? {
    // NULL has no bytes, and no number has none.
    let length = PQgetlength(rows.result, row, column)
    guard length != 0 else { return nil }
    guard length == 8, let value = PQgetvalue(rows.result, row, column) else {
      throw odd(column, length)
    }
    return Int64(bigEndian: UnsafeRawPointer(value).loadUnaligned(as: Int64.self))
  }

  /// `timestamptz`, in milliseconds since 1970-01-01T00:00:00Z.
  @inlinable public func time(_ column: Int32) throws(PostgresError) -> Int64 {
    guard let value = try number(column) else { throw missing(column) }
    return Row.milliseconds(value)
  }

  /// A record or NULL.
  @inlinable public func optionalRecord(_ column: Int32) throws(PostgresError) -> Record? {
    // NULL has no bytes, and no record has none.
    let length = Int(PQgetlength(rows.result, row, column))
    guard length != 0, let value = PQgetvalue(rows.result, row, column) else { return nil }
    return try Record(UnsafeRawBufferPointer(start: value, count: length))
  }

  /// The UTF-8 bytes of `text`.
  @inlinable public func utf8(_ column: Int32) throws(PostgresError) -> UnsafeBufferPointer<UInt8> {
    guard let value = optionalUTF8(column) else { throw missing(column) }
    return value
  }

  /// The UTF-8 bytes of `text` or NULL.
  @inlinable public func optionalUTF8(_ column: Int32) -> UnsafeBufferPointer<UInt8>? {
    let length = Int(PQgetlength(rows.result, row, column))
    if length == 0, PQgetisnull(rows.result, row, column) == 1 { return nil }
    return PQgetvalue(rows.result, row, column).map { value in
      UnsafeBufferPointer(start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: length)
    }
  }

  @usableFromInline func missing(_ column: Int32) -> PostgresError { .unexpectedReply("column \(column) is NULL") }

  @usableFromInline func odd(_ column: Int32, _ length: Int32) -> PostgresError {
    .unexpectedReply("column \(column) has \(length) bytes")
  }
}
