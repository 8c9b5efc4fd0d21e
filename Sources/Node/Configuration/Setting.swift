import ChatCore

/// One row of the reference: a setting's name, type, default, range, unit and reason, and where its value goes.
struct Setting: Sendable {
  /// Without `MARTLET_`.
  let name: String
  /// What is written: `number`, `text`, `rate` …
  let type: String
  /// What is accepted.
  let range: String
  /// Of a number; empty where there is none.
  let unit: String
  /// What it is for, and why the default is what it is.
  let reason: String
  /// Whether it is masked wherever it is shown, and may come from a file.
  let isSecret: Bool
  /// Whether it must be equal on all nodes.
  let isShared: Bool

  /// The value as it would be written; empty when there is none.
  let show: @Sendable (Configuration) -> String
  let store: @Sendable (inout Configuration, String) throws(Complaint) -> Void

  /// `MARTLET_` and the name.
  var variable: String { Setting.prefix + name }
  /// The variable that names a file with the value; of secrets only.
  var fileVariable: String { variable + "_FILE" }
  /// The default as it would be written; empty when there is none.
  var defaultText: String { show(Configuration()) }

  /// What all our environment variables begin with.
  static let prefix = "MARTLET_"
}

/// A place in the configuration that a row fills.
typealias Place<Value> = WritableKeyPath<Configuration, Value> & Sendable

extension Setting {
  /// A row whose value a function reads; the other forms are made of it.
  static func row<Value: Sendable>(
    _ name: String, _ place: any Place<Value>, type: String, range: String, unit: String = "", secret: Bool = false,
    shared: Bool = false, reason: String, show: @escaping @Sendable (Value) -> String,
    read: @escaping @Sendable (String) throws(Complaint) -> Value
  ) -> Setting {
    Setting(
      name: name, type: type, range: range, unit: unit, reason: reason, isSecret: secret, isShared: shared,
      show: { configuration in show(configuration[keyPath: place]) },
      store: { (configuration, text) throws(Complaint) in configuration[keyPath: place] = try read(text) })
  }

  static func number(
    _ name: String, _ place: any Place<Int>, _ range: ClosedRange<Int>, unit: String, shared: Bool = false,
    reason: String
  ) -> Setting {
    row(
      name, place, type: "number", range: "\(range.lowerBound) to \(range.upperBound)", unit: unit, shared: shared,
      reason: reason, show: { String($0) }, read: { (text) throws(Complaint) in try whole(text, range) })
  }

  static func number(
    _ name: String, _ place: any Place<Int?>, _ range: ClosedRange<Int>, unit: String, reason: String
  ) -> Setting {
    row(
      name, place, type: "number", range: "\(range.lowerBound) to \(range.upperBound)", unit: unit, reason: reason,
      show: { $0.map { String($0) } ?? "" }, read: { (text) throws(Complaint) in try whole(text, range) })
  }

  /// Names that end in `_MS` hold milliseconds.
  static func milliseconds(
    _ name: String, _ place: any Place<Milliseconds>, _ range: ClosedRange<Int>, shared: Bool = false, reason: String
  ) -> Setting {
    row(
      name, place, type: "number", range: "\(range.lowerBound) to \(range.upperBound)", unit: "milliseconds",
      shared: shared, reason: reason, show: { String($0) },
      read: { (text) throws(Complaint) in Milliseconds(try whole(text, range)) })
  }

  static func flag(_ name: String, _ place: any Place<Bool>, reason: String) -> Setting {
    row(
      name, place, type: "flag", range: "on, off", reason: reason, show: { $0 ? "on" : "off" },
      read: { (text) throws(Complaint) in
        guard text == "on" || text == "off" else { throw Complaint("is '\(text)', and is either on or off") }
        return text == "on"
      })
  }

  static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ place: any Place<Value>, reason: String
  ) -> Setting where Value.RawValue == String {
    let range = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return row(
      name, place, type: "choice", range: range, reason: reason, show: { $0.rawValue },
      read: { (text) throws(Complaint) in
        guard let value = Value(rawValue: text) else { throw Complaint("is '\(text)', and is one of: \(range)") }
        return value
      })
  }

  static func rate(_ name: String, _ place: any Place<Rate>, reason: String) -> Setting {
    row(
      name, place, type: "rate", range: "count/period[,burst], off", reason: reason, show: { $0.description },
      read: { (text) throws(Complaint) in try Rate(setting: text) })
  }

  /// A decimal number without sign, blanks or separators.
  private static func whole(_ text: String, _ range: ClosedRange<Int>) throws(Complaint) -> Int {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw Complaint("is '\(text)', and is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    guard let number = Int(text), range.contains(number) else {
      throw Complaint("is \(text), and lies between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }
}
