/// A moment in milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch, UTC.
  public let milliseconds: Int64

  /// Makes a moment out of milliseconds since the epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Orders moments by time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// The moment that many milliseconds later.
  public func adding(milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with milliseconds: `2026-11-21T08:47:00.123Z`.
  ///
  /// - Limits: years 0000 … 9999; what lies outside is written as the nearest such moment.
  /// - Source: RFC 3339 section 5.6; the civil calendar is proleptic Gregorian.
  public var rfc3339: String {
    let ascii = rfc3339ASCII
    return ascii.span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of ``rfc3339``, for writers: nothing is allocated.
  public var rfc3339ASCII: InlineArray<24, UInt8> {
    let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    // Floored, so that moments before 1970 keep their day.
    let day = (clamped >= 0 ? clamped : clamped - 86_399_999) / 86_400_000
    let inDay = clamped - day * 86_400_000
    let (year, month, dayOfMonth) = Timestamp.civil(fromDay: day)
    var text = InlineArray<24, UInt8>(repeating: UInt8(ascii: "-"))
    func pair(_ value: Int64, at place: Int) {
      text[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10)
      text[place &+ 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10)
    }
    pair(year / 100, at: 0)
    pair(year % 100, at: 2)
    pair(month, at: 5)
    pair(dayOfMonth, at: 8)
    text[10] = UInt8(ascii: "T")
    pair(inDay / 3_600_000, at: 11)
    text[13] = UInt8(ascii: ":")
    pair(inDay / 60_000 % 60, at: 14)
    text[16] = UInt8(ascii: ":")
    pair(inDay / 1000 % 60, at: 17)
    text[19] = UInt8(ascii: ".")
    text[20] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: inDay % 1000 / 100)
    pair(inDay % 100, at: 21)
    text[23] = UInt8(ascii: "Z")
    return text
  }

  /// Year, month and day of a day counted from 1970-01-01; years are taken to begin in March, so that leap days come
  /// last.
  private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}
