import CPostgres

/// The answer to one statement: its rows, in binary form, and how many rows it touched.
///
/// - Isolation: immutable; may be handed to any thread.
public final class Rows: @unchecked Sendable, RandomAccessCollection {
  @usableFromInline let result: OpaquePointer
  private let rowCount: Int32
  /// Of each column.
  let types: [UInt32]

  init(_ result: OpaquePointer) {
    self.result = result
    rowCount = PQntuples(result)
    types = (0..<PQnfields(result)).map { PQftype(result, $0) }
  }

  deinit { PQclear(result) }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// How many rows there are.
  public var endIndex: Int { Int(rowCount) }
  /// One row; the index is ours, never input.
  public subscript(index: Int) -> Row { Row(rows: self, index: Int32(truncatingIfNeeded: index)) }

  /// How many rows an INSERT, UPDATE or DELETE touched, or a SELECT gave.
  public var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

  /// The command tag: `COMMIT`, `INSERT 0 1` …
  var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

  /// The bytes of one value; nil for NULL.
  func value(_ row: Int32, _ column: Int, type: UInt32, or other: UInt32 = 0) throws(PostgresError)
    -> UnsafeRawBufferPointer?
  {
    guard row >= 0, row < rowCount, types.indices.contains(column) else {
      throw .unexpectedReply("no column \(column) in row \(row)")
    }
    let actual = types[column]
    guard actual == type || actual == other else {
      throw .unexpectedReply("column \(column) has type \(actual), not \(type)")
    }
    let place = Int32(truncatingIfNeeded: column)
    let length = Int(PQgetlength(result, row, place))
    // NULL has no bytes, and so have few other values.
    if length == 0, PQgetisnull(result, row, place) == 1 { return nil }
    return UnsafeRawBufferPointer(start: PQgetvalue(result, row, place), count: length)
  }
}

/// One row of an answer; values are read by column, counted from 0.
///
/// - Throws: every reader throws ``PostgresError/unexpectedReply(_:)`` when the column has another type, and those that
///   promise a value when it is NULL.
public struct Row: Sendable {
  fileprivate let rows: Rows
  fileprivate let index: Int32

  /// `boolean`.
  public func bool(_ column: Int) throws(PostgresError) -> Bool { try require(optionalBool(column), column) }
  /// `smallint`.
  public func int2(_ column: Int) throws(PostgresError) -> Int16 {
    try require(integer(column, TypeID.int2), column)
  }
  /// `integer`.
  public func int4(_ column: Int) throws(PostgresError) -> Int32 {
    try require(integer(column, TypeID.int4), column)
  }
  /// `bigint`.
  public func int8(_ column: Int) throws(PostgresError) -> Int64 { try require(optionalInt8(column), column) }
  /// `text`.
  public func text(_ column: Int) throws(PostgresError) -> String { try require(optionalText(column), column) }
  /// `bytea`.
  public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
    try require(rows.value(index, column, type: TypeID.bytea), column).map { $0 }
  }
  /// `timestamptz`, in milliseconds since 1970-01-01T00:00:00Z.
  public func time(_ column: Int) throws(PostgresError) -> Int64 { try require(optionalTime(column), column) }

  /// `boolean` or NULL.
  public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
    guard let raw = try rows.value(index, column, type: TypeID.bool), let first = raw.first else { return nil }
    return first != 0
  }
  /// `bigint` or NULL.
  public func optionalInt8(_ column: Int) throws(PostgresError) -> Int64? { try integer(column, TypeID.int8) }
  /// `text` or NULL.
  public func optionalText(_ column: Int) throws(PostgresError) -> String? {
    try rows.value(index, column, type: TypeID.text, or: TypeID.varchar).map { String(decoding: $0, as: UTF8.self) }
  }
  /// A record in a `bytea`, or NULL.
  public func optionalRecord(_ column: Int) throws(PostgresError) -> Record? {
    guard let bytes = try rows.value(index, column, type: TypeID.bytea) else { return nil }
    return try Record(bytes)
  }
  /// `timestamptz` or NULL.
  public func optionalTime(_ column: Int) throws(PostgresError) -> Int64? {
    try integer(column, TypeID.timestamptz).map(Row.milliseconds)
  }

  /// Microseconds since 2000 as milliseconds since 1970.
  @usableFromInline static func milliseconds(_ moment: Int64) -> Int64 {
    // Floored, so that moments before 1970 keep their order too.
    let (sum, overflow) = moment.addingReportingOverflow(TypeID.epochMicroseconds)
    let whole = overflow ? Int64.max : sum
    return whole >= 0 ? whole / 1000 : (whole - 999) / 1000
  }

  private func integer<Value: FixedWidthInteger>(_ column: Int, _ type: UInt32) throws(PostgresError) -> Value? {
    guard let raw = try rows.value(index, column, type: type) else { return nil }
    guard raw.count == MemoryLayout<Value>.size else {
      throw .unexpectedReply("column \(column) has \(raw.count) bytes")
    }
    return Value(bigEndian: raw.loadUnaligned(as: Value.self))
  }

  private func require<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
    guard let value else { throw .unexpectedReply("column \(column) is NULL") }
    return value
  }
}
