// Garbage as an answer of the database: values of any length in columns of any type, and records inside a column. Read
// or refused, by the reader of a row and by that of columns alike.
//
// Compiled together with the readers of Sources/Postgres by Tests/Fuzz/run. The first byte of the input chooses types;
// values are the pieces between bytes 0xFF, of which an empty one at the end is NULL.

import CPostgres

private let types: [UInt32] = [
  TypeID.int8, TypeID.bool, TypeID.text, TypeID.timestamptz, TypeID.bytea, TypeID.int2, TypeID.int4, TypeID.varchar,
]

private func answer(_ values: [ArraySlice<UInt8>], _ types: [UInt32]) -> Rows? {
  guard let result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { fatalError("no memory") }
  var name = CChar(0)
  withUnsafeMutablePointer(to: &name) { name in
    var columns = types.map {
      PGresAttDesc(name: name, tableid: 0, columnid: 0, format: 1, typid: $0, typlen: -1, atttypmod: -1)
    }
    precondition(PQsetResultAttrs(result, Int32(columns.count), &columns) == 1)
  }
  for (column, value) in values.enumerated() {
    var bytes = value.map { CChar(bitPattern: $0) }
    let isNull = value.isEmpty && column == values.count - 1
    precondition(PQsetvalue(result, 0, Int32(column), &bytes, isNull ? -1 : Int32(value.count)) == 1)
  }
  return Rows(result)
}

private func readRow(_ row: Row, _ column: Int) {
  _ = try? (row.bool(column), row.int2(column))
  _ = (try? row.int2(column), try? row.int4(column), try? row.int8(column), try? row.time(column))
  _ = (try? row.optionalBool(column), try? row.optionalText(column), try? row.bytes(column))
  if let record = try? row.optionalRecord(column) {
    for field in -1...8 {
      _ = (try? record.optionalInt8(field), try? record.optionalTime(field), try? record.optionalText(field))
    }
  }
}

private func kind(_ type: UInt32) -> RowReader.Column? {
  switch type {
  case TypeID.int8: .int8
  case TypeID.text, TypeID.varchar: .text
  case TypeID.timestamptz: .time
  case TypeID.bytea: .record
  default: nil
  }
}

/// Both readers say the same of a value.
private func compare(_ reader: RowReader, _ row: Row, _ column: Int, _ kind: RowReader.Column) {
  let place = Int32(column)
  switch kind {
  case .int8: precondition((try? reader.int8(place)) == (try? row.int8(column)), "bigint differs")
  case .time: precondition((try? reader.time(place)) == (try? row.time(column)), "a moment differs")
  case .text:
    let text = (try? reader.utf8(place)).map { String(decoding: $0, as: UTF8.self) }
    precondition(text == (try? row.text(column)), "a text differs")
  case .record:
    let (one, other) = (try? reader.optionalRecord(place), try? row.optionalRecord(column))
    precondition((one == nil) == (other == nil), "a record differs")
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let values = Array(input.dropFirst().split(separator: 0xFF, omittingEmptySubsequences: false).prefix(16))
  let chosen = values.indices.map { types[($0 + Int(choice)) % types.count] }
  guard let rows = answer(values, chosen), let row = rows.first else { return 0 }
  for column in -1...values.count { readRow(row, column) }
  let known = chosen.prefix { kind($0) != nil }.compactMap(kind)
  guard let reader = try? RowReader(rows, known) else { preconditionFailure("columns are refused") }
  for (column, kind) in known.enumerated() { compare(reader, row, column, kind) }
  return 0
}
