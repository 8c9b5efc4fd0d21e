import Postgres
import Testing

@Suite("What is handed to the server")
struct ParameterArenaTests {
  @Test("many and large values, empty ones and NULLs, several statements at once: each comes back as it was given")
  func arrive() async throws {
    let count = 1_500
    let names = (1...count).map { "$\($0)::text" }.joined(separator: ", ")
    let many = Statement("test.many", "SELECT array_to_string(ARRAY[\(names)], '|')")
    let kinds = Statement(
      "test.kinds",
      """
      SELECT $1::text, $2::bigint, octet_length($3::bytea)::bigint, cardinality($4::bigint[])::bigint,
        cardinality($5::text[])::bigint, $6::text, ($5::text[])[2], length($7::text)::bigint
      """)
    try await withPool { pool, _ in
      for round in 0..<3 {
        let texts = (0..<count).map { $0 % 7 == 0 ? nil : $0 % 5 == 0 ? "" : "\(round)-\($0)" }
        let large = String(repeating: "é", count: 700_000)
        async let lists = pool.query(many, texts.map { .text($0) })
        let values: [Parameter] = [
          .text(""), .int8(nil), .bytes(Array(repeating: 7, count: 1_000_003)), .int8s([]), .texts(["a", nil, ""]),
          .text(nil), .text(large),
        ]
        let row = try #require(try await pool.query(kinds, values).first)
        #expect(try row.text(0).isEmpty && row.optionalInt8(1) == nil && row.int8(2) == 1_000_003 && row.int8(3) == 0)
        #expect(
          try row.int8(4) == 3 && row.optionalText(5) == nil && row.optionalText(6) == nil && row.int8(7) == 700_000)
        #expect(try await lists.first?.text(0) == texts.compactMap(\.self).joined(separator: "|"))
      }
    }
  }
}
