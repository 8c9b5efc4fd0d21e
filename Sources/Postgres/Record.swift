/// The fields of a row that travels inside a column, as `record_send(ROW(…))` has written them: for what few rows have,
/// so that all others pay for one NULL.
///
/// - Shape: the number of fields, then of each its type's object id, its length or -1 for NULL, and its bytes.
/// - Errors: ``PostgresError/unexpectedReply(_:)`` when the bytes are no record, or a field has another type.
/// - Source: PostgreSQL's `rowtypes.c`, `record_send`.
public struct Record: Sendable {
  /// Of each field; no bytes for NULL.
  private let fields: [(type: UInt32, bytes: [UInt8]?)]

  @usableFromInline init(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
    var rest = bytes[...]
    func number() throws(PostgresError) -> UInt32 {
      guard rest.count >= 4 else { throw .unexpectedReply("a record of \(bytes.count) bytes") }
      defer { rest = rest.dropFirst(4) }
      return UInt32(bigEndian: UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: UInt32.self))
    }
    var fields: [(type: UInt32, bytes: [UInt8]?)] = []
    for _ in 0..<(try number()) {
      let (type, length) = (try number(), Int(Int32(bitPattern: try number())))
      guard length <= rest.count else { throw .unexpectedReply("a record of \(bytes.count) bytes") }
      fields.append((type, length < 0 ? nil : Array(rest.prefix(length))))
      rest = rest.dropFirst(max(0, length))
    }
    self.fields = fields
  }

  /// `bigint` or NULL.
  public func optionalInt8(_ field: Int) throws(PostgresError) -> Int64? {
    try integer(field, TypeID.int8)
  }

  /// `timestamptz` or NULL, in milliseconds since 1970-01-01T00:00:00Z.
  public func optionalTime(_ field: Int) throws(PostgresError) -> Int64? {
    try integer(field, TypeID.timestamptz).map(Row.milliseconds)
  }

  /// `text` or NULL.
  public func optionalText(_ field: Int) throws(PostgresError) -> String? {
    try bytes(field, TypeID.text, or: TypeID.varchar).map { String(decoding: $0, as: UTF8.self) }
  }

  private func integer(_ field: Int, _ type: UInt32) throws(PostgresError) -> Int64? {
    guard let bytes = try bytes(field, type, or: type) else { return nil }
    guard bytes.count == 8 else { throw .unexpectedReply("field \(field) has \(bytes.count) bytes") }
    return bytes.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
  }

  private func bytes(_ field: Int, _ type: UInt32, or other: UInt32) throws(PostgresError) -> [UInt8]? {
    guard fields.indices.contains(field) else { throw .unexpectedReply("no field \(field)") }
    guard fields[field].type == type || fields[field].type == other else {
      throw .unexpectedReply("field \(field) has type \(fields[field].type), not \(type)")
    }
    return fields[field].bytes
  }
}
