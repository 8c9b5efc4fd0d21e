extension Timestamp {
  /// Reads a moment as RFC 3339 writes it: `2023-12-25T10:30:00.123456+01:00`.
  ///
  /// - Limits: years 0000 … 9999; digits of the second past the third are dropped; a leap second counts as the one
  ///   before it. Without `Z` or an offset it is no moment.
  /// - Source: RFC 3339 section 5.6.
  public init?(rfc3339 text: String) {
    var reader = DigitReader(rest: Array(text.utf8)[...])
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), reader.take("T") || reader.take("t"), let hour = reader.number(2), reader.take(":"),
      let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
      let fraction = reader.fraction(), let offset = reader.offset(), reader.rest.isEmpty,
      (1...12).contains(month), (1...Timestamp.days(in: month, of: year)).contains(day), hour < 24, minute < 60,
      second <= 60
    else { return nil }
    let inDay = ((hour * 60 + minute - offset) * 60 + min(second, 59)) * 1000 + fraction
    self.init(milliseconds: Timestamp.dayNumber(year, month, day) * 86_400_000 + inDay)
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// Days from 1970-01-01; years are taken to begin in March, so that leap days come last.
  private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    // From 400 years before, so that every division is of a positive number.
    let year = (month > 2 ? year : year - 1) + 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 146_097 - 719_468
  }
}

/// What is left of a text of digits and marks.
private struct DigitReader {
  var rest: ArraySlice<UInt8>

  mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: mark) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ count: Int) -> Int64? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    rest.removeFirst(count)
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }

  /// Milliseconds; 0 without a point.
  mutating func fraction() -> Int64? {
    guard take(".") else { return 0 }
    var (milliseconds, weight): (Int64, Int64) = (0, 100)
    guard rest.first.map({ $0 != UInt8(ascii: "Z") }) ?? false else { return nil }
    while let digit = number(1) {
      milliseconds += digit * weight
      weight /= 10
    }
    return milliseconds
  }

  /// Minutes east of Greenwich.
  mutating func offset() -> Int64? {
    if take("Z") || take("z") { return 0 }
    let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
      return nil
    }
    return sign * (hours * 60 + minutes)
  }
}
