import ChatCore
import Testing

@Suite struct TimestampReadingTests {
  @Test("moments are read as they are written, and what is none is not")
  func bothWays() {
    for day in stride(from: Int64(-700_000), to: 2_900_000, by: 37) {
      let moment = Timestamp(milliseconds: day * 86_400_000 + 12_345_678)
      #expect(Timestamp(rfc3339: moment.rfc3339) == moment, "\(moment.rfc3339)")
    }
  }

  @Test(
    "offsets, fractions and leap days are understood",
    arguments: [
      ("2023-12-25T10:30:00Z", "2023-12-25T10:30:00.000Z"), ("2023-12-25t10:30:00.5z", "2023-12-25T10:30:00.500Z"),
      ("2023-12-25T10:30:00.123456+05:30", "2023-12-25T05:00:00.123Z"),
      ("2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00.000Z"),
      ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"), ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
    ])
  func read(text: String, told: String) { #expect(Timestamp(rfc3339: text)?.rfc3339 == told) }

  @Test(
    "anything else is no moment",
    arguments: [
      "", "2023-12-25", "2023-12-25T10:30:00", "2023-12-25 10:30:00Z", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z",
      "2023-12-25T24:00:00Z", "2023-12-25T10:60:00Z", "2023-12-25T10:30:61Z", "2023-12-25T10:30:00.Z",
      "2023-12-25T10:30:00Zx", "2023-12-25T10:30:00+1:00", "2023-12-25T10:30:00+24:00", "2023-12-32T10:30:00Z",
      "+023-12-25T10:30:00Z", "２023-12-25T10:30:00Z", "2023-12-25T10:30:00.", "2023-12-25T10:30:00.1",
    ])
  func refused(text: String) { #expect(Timestamp(rfc3339: text) == nil) }
}
