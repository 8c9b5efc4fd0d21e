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
    // Counted from 0000-01-01, so that nothing is negative and half as wide numbers do, which divide in a few steps.
    let sinceZero = UInt64(bitPattern: clamped &+ 62_167_219_200_000)
    let day = UInt32(truncatingIfNeeded: sinceZero / 86_400_000)
    let inDay = UInt32(truncatingIfNeeded: sinceZero &- UInt64(day) &* 86_400_000)
    let (year, month, dayOfMonth) = Timestamp.civil(day)
    let (seconds, milliseconds) = (inDay / 1000, inDay % 1000)
    let (minutes, hours) = (seconds / 60, seconds / 3600)
    let date = Timestamp.digits(year / 100, year % 100, month, dayOfMonth)
    let time = Timestamp.digits(hours, minutes &- hours &* 60, seconds &- minutes &* 60, milliseconds / 10)
    let last = UInt64(0x30 &+ milliseconds % 10)
    // Eight bytes each, the first one in the lowest: `2026-11-`, `21T08:47`, `:00.123Z`.
    let words: InlineArray<3, UInt64> = [
      date & 0xFFFF_FFFF | (date >> 32 & 0xFFFF) << 40 | 0x2D00_002D << 32,
      date >> 48 | (time & 0xFFFF) << 24 | (time >> 16 & 0xFFFF) << 48 | 0x3A00_0054 << 16,
      (time >> 32 & 0xFFFF) << 8 | (time >> 48) << 32 | last << 48 | 0x5A00_0000_2E00_003A,
    ]
    var text = InlineArray<24, UInt8>(repeating: 0)
    var span = text.mutableSpan
    span.withUnsafeMutableBytes { bytes in
      for place in 0..<3 {
        bytes.storeBytes(of: words[place].littleEndian, toByteOffset: place * 8, as: UInt64.self)
      }
    }
    return text
  }

  /// The digits of four numbers below 100, a byte each: all of them are divided in one multiplication.
  @inline(__always)
  private static func digits(_ first: UInt32, _ second: UInt32, _ third: UInt32, _ fourth: UInt32) -> UInt64 {
    let pairs = UInt64(first) | UInt64(second) << 16 | UInt64(third) << 32 | UInt64(fourth) << 48
    let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
    return tens | (pairs &- tens &* 10) << 8 | 0x3030_3030_3030_3030
  }

  /// Year, month and day of a day counted from 0000-01-01; years are taken to begin in March, so that leap days come
  /// last.
  private static func civil(_ day: UInt32) -> (year: UInt32, month: UInt32, day: UInt32) {
    // An era, which are 400 years, more: its March begins 60 days after its January, that of the year 0 is a leap year.
    let shifted = day &+ 146_097 &- 60
    let era = shifted / 146_097
    let dayOfEra = shifted &- era &* 146_097
    let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
    let year = yearOfEra &+ era &* 400 &- 400 &+ (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1)
  }
}
