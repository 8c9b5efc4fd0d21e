/// Numbers as a person reads them.
enum Words {
  /// `950`, `12.3k`, `4.56M`.
  static func number(_ value: Double) -> String {
    switch abs(value) {
    case ..<1_000: value == value.rounded() ? String(Int64(value)) : decimal(value, abs(value) < 10 ? 2 : 1)
    case ..<1_000_000: decimal(value / 1_000, 1) + "k"
    default: decimal(value / 1_000_000, 2) + "M"
    }
  }

  /// Microseconds as `0.25 ms`, `12.3 ms`, `4.56 s`.
  static func milliseconds(_ microseconds: Int64) -> String {
    let value = Double(microseconds) / 1_000
    if value >= 1_000 { return decimal(value / 1_000, 2) + " s" }
    return decimal(value, value < 10 ? 2 : 1) + " ms"
  }

  /// Bytes as `512 B`, `1.9 KiB`, `3.2 MiB`.
  static func bytes(_ value: Double) -> String {
    switch abs(value) {
    case ..<1_024: "\(Int64(value)) B"
    case ..<1_048_576: decimal(value / 1_024, 1) + " KiB"
    default: decimal(value / 1_048_576, 1) + " MiB"
    }
  }

  /// What a target calls something, short and without what would command a terminal.
  static func plain(_ text: String) -> String {
    String(decoding: text.utf8.prefix(60).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// With so many digits behind the point.
  static func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "–" }
    var scale: Int64 = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % scale)
    return sign + "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
