import Dialects

extension Reference {
  /// The foreign wires.
  static let dialects: [Setting] = [
    .row(
      "DIALECTS", \.dialects.mounted, type: "list", range: "names, by comma, or none",
      reason: "Foreign wires served below /dialects/<name>: each a door to the same users and messages.",
      show: { $0.isEmpty ? "none" : $0.joined(separator: ",") },
      read: { (text) throws(Complaint) in
        guard text != "none" else { return [] }
        return try Setting.each(text) { (item) throws(Complaint) in try Setting.dialect(item).name }
      }),
    .row(
      "DIALECT_LISTEN", \.dialects.listeners, type: "list", range: "name=address:port, by comma",
      reason: "Ports whose root is a foreign wire, for clients that cannot be given a path.",
      show: { $0.map(\.description).joined(separator: ",") },
      read: { (text) throws(Complaint) in
        try Setting.each(text) { (item) throws(Complaint) in try DialectListener(setting: item) }
      }),
    .row(
      "DIALECT_OPTIONS", \.dialects.choices, type: "list", range: "name.option=value, by comma",
      reason: "What a foreign wire leaves to choose; password_min is the bytes of a new password there.",
      show: { $0.map(\.description).joined(separator: ",") },
      read: { (text) throws(Complaint) in
        let choices = try Setting.each(text) { (item) throws(Complaint) in try DialectChoice(setting: item) }
        for (place, choice) in choices.enumerated() {
          let isFirst = !choices[..<place].contains { $0.dialect == choice.dialect && $0.option == choice.option }
          guard isFirst else { throw Complaint("chooses \(choice.dialect).\(choice.option) twice") }
        }
        return choices
      }),
    .origins(
      "DIALECT_ORIGINS", \.dialects.origins,
      reason: "Web pages that may call a foreign wire, besides those of ORIGINS: where its front ends are developed."),
  ]
}

extension Setting {
  /// The dialect of that name.
  static func dialect(_ name: String) throws(Complaint) -> Dialect {
    guard let dialect = DialectCatalog.named(name) else {
      let known = DialectCatalog.all.map(\.name).joined(separator: ", ")
      throw Complaint("names '\(name)', and knows: \(known)")
    }
    return dialect
  }

  /// Reads each item of a list.
  static func each<Item>(_ text: String, _ read: (String) throws(Complaint) -> Item) throws(Complaint) -> [Item] {
    var found: [Item] = []
    for item in try items(text) { found.append(try read(item)) }
    return found
  }
}
