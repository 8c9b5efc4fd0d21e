import Testing

@testable import Postgres

@Suite("Reading an answer")
struct RowsTests {
  private static let made = Rows(made: [
    [.int8(-7), .text("Grüße"), .time(1_795_250_820_123), .bool(true), .int2(3)],
    [.int8(nil), .text(""), .time(-1), .bool(nil), .int2(-1)],
  ])

  @Test("values are read by their column's type, what is empty is not NULL, and what is NULL is nothing")
  func values() throws {
    let rows = try #require(Self.made)
    #expect(rows.count == 2)
    #expect(try rows[0].int8(0) == -7 && rows[0].text(1) == "Grüße" && rows[0].time(2) == 1_795_250_820_123)
    #expect(try rows[0].bool(3) && rows[0].int2(4) == 3 && rows[1].int2(4) == -1 && rows[1].time(2) == -1)
    #expect(try rows[1].optionalInt8(0) == nil && rows[1].optionalText(1) == "" && rows[1].optionalBool(3) == nil)
  }

  @Test("another type, a column that is not there and a NULL that was not expected are said")
  func refused() throws {
    let rows = try #require(Self.made)
    #expect(throws: PostgresError.unexpectedReply("column 0 has type 20, not 25")) { try rows[0].text(0) }
    #expect(throws: PostgresError.unexpectedReply("no column 5 in row 0")) { try rows[0].text(5) }
    #expect(throws: PostgresError.unexpectedReply("no column -1 in row 1")) { try rows[1].text(-1) }
    #expect(throws: PostgresError.unexpectedReply("no column 0 in row 2")) { try rows[2].int8(0) }
    #expect(throws: PostgresError.unexpectedReply("column 0 is NULL")) { try rows[1].int8(0) }
  }
}
