import ChatCore
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1_795_250_820_123, "2026-11-21T08:47:00.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
  ])
  func `a moment is written in UTC with milliseconds, and never traps`(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
  }

  @Test func `each month of ten thousand years begins and ends on its days`() {
    var day: Int64 = -719_528
    for year in 0...9999 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        for (number, moment) in [(1, day), (length, day + Int64(length) - 1)] {
          let ascii = Timestamp(milliseconds: moment * 86_400_000).rfc3339ASCII
          let read = [0, 2, 5, 8].map { Int(ascii[$0] - 48) * 10 + Int(ascii[$0 + 1] - 48) }
          #expect(read == [year / 100, year % 100, month + 1, number])
        }
        day += Int64(length)
      }
    }
  }

  @Test func `each second of a day and each millisecond of a second has its digits`() {
    func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
    let wrong = (0..<Int64(86_400)).filter { second in
      let millisecond = second % 1000
      let time = [second / 3600, second / 60 % 60, second % 60].map(two).joined(separator: ":")
      let text = Timestamp(milliseconds: second * 1000 + millisecond).rfc3339
      return text != "1970-01-01T\(time).\(two(millisecond / 10))\(millisecond % 10)Z"
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }
}
