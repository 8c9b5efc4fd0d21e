/// Times as HTTP writes them.
///
/// - Shape: `Sun, 06 Nov 1994 08:49:37 GMT`
/// - Units: seconds since 1970-01-01 UTC.
/// - Source: RFC 9110 section 5.6.7.
public enum HTTPDate {
  /// Writes a time; servers keep the bytes for the second that they are right.
  public static func bytes(unixSeconds: Int) -> [UInt8] {
    // The wire has four digits for the year, so a clock gone wrong is held within them.
    let seconds = min(max(unixSeconds, 0), 253_402_300_799)
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = civil(days: days)
    var out: [UInt8] = []
    out.reserveCapacity(29)
    out.append(contentsOf: weekdays[(days + 4) % 7].utf8)
    out.append(contentsOf: ", ".utf8)
    append(day, digits: 2, to: &out)
    out.append(contentsOf: " \(months[month - 1]) ".utf8)
    append(year, digits: 4, to: &out)
    out.append(Byte.space)
    append(rest / 3600, digits: 2, to: &out)
    out.append(Byte.colon)
    append(rest / 60 % 60, digits: 2, to: &out)
    out.append(Byte.colon)
    append(rest % 60, digits: 2, to: &out)
    out.append(contentsOf: " GMT".utf8)
    return out
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func append(_ number: Int, digits: Int, to out: inout [UInt8]) {
    let text = String(number)
    out.append(contentsOf: repeatElement(Byte.zero, count: max(digits - text.utf8.count, 0)))
    out.append(contentsOf: text.utf8)
  }

  /// The proleptic Gregorian date of a day number, in eras of 400 years that begin on the first of March.
  private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
