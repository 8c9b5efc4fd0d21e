import Testing

@testable import Postgres

@Suite("Reading rows where they stand")
struct RowReaderTests {
  private static let made = Rows(made: [
    [.int8(-7), .text("Grüße"), .time(1_795_250_820_123), .text(nil)],
    [.int8(nil), .text(""), .time(-1), .text("last")],
  ])
  private static let columns: [RowReader.Column] = [.int8, .text, .time, .text]

  @Test("values are those that a row gives, and what is NULL is nothing")
  func values() throws {
    var reader = try RowReader(try #require(Self.made), Self.columns)
    #expect(try reader.int8(0) == -7 && Array(reader.utf8(1)) == Array("Grüße".utf8))
    #expect(try reader.time(2) == 1_795_250_820_123 && reader.optionalUTF8(3) == nil)
    reader.row = 1
    #expect(try reader.utf8(1).isEmpty && reader.time(2) == -1)
    #expect(try Array(reader.utf8(3)) == Array("last".utf8))
  }

  @Test("other columns than were asked for are said at once, a NULL that was not expected when it is read")
  func refused() throws {
    let rows = try #require(Self.made)
    #expect(throws: PostgresError.unexpectedReply("column 1 has type 25, not int8")) {
      try RowReader(rows, [.int8, .int8])
    }
    #expect(throws: PostgresError.unexpectedReply("4 columns")) { try RowReader(rows, Self.columns + [.int8]) }
    var reader = try RowReader(rows, Self.columns)
    reader.row = 1
    #expect(throws: PostgresError.unexpectedReply("column 0 is NULL")) { try reader.int8(0) }
    #expect(throws: PostgresError.unexpectedReply("column 1 has 6 bytes")) {
      try RowReader(try #require(Rows(made: [[.int8(1), .text("length")]])), [.int8, .text]).int8(1)
    }
  }

  @Test("a record in a column gives its fields; what is none, or is cut anywhere, is said")
  func record() throws {
    // Three fields: bigint 7, text NULL, text "hi".
    let bytes: [UInt8] =
      [0, 0, 0, 3, 0, 0, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 25, 255, 255, 255, 255]
      + [0, 0, 0, 25, 0, 0, 0, 2] + Array("hi".utf8)
    let rows = try #require(Rows(made: [[.bytes(bytes)], [.bytes(nil)], [.bytes([0])]]))
    var reader = try RowReader(rows, [.record])
    let record = try #require(try reader.optionalRecord(0))
    #expect(try record.optionalInt8(0) == 7 && record.optionalText(1) == nil && record.optionalText(2) == "hi")
    #expect(throws: PostgresError.unexpectedReply("field 0 has type 20, not 25")) { try record.optionalText(0) }
    #expect(throws: PostgresError.unexpectedReply("no field 3")) { try record.optionalInt8(3) }
    #expect(try rows[0].optionalRecord(0)?.optionalInt8(0) == 7 && rows[1].optionalRecord(0) == nil)
    reader.row = 1
    #expect(try reader.optionalRecord(0) == nil)
    reader.row = 2
    #expect(throws: PostgresError.unexpectedReply("a record of 1 bytes")) { try reader.optionalRecord(0) }
    for count in 0..<bytes.count {
      let cut = try #require(Rows(made: [[.bytes(Array(bytes.prefix(count)))]]))
      #expect(throws: PostgresError.unexpectedReply("a record of \(count) bytes")) { try cut[0].optionalRecord(0) }
    }
  }
}
