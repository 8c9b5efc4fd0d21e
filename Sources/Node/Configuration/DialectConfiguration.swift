import Dialects

/// Which foreign wires are served, and where.
struct DialectConfiguration: Sendable, Equatable {
  /// Names of those that are served below `/dialects/<name>`.
  var mounted = DialectCatalog.all.map(\.name)
  /// Listeners whose root is a dialect, for clients with an origin of their own.
  var listeners: [DialectListener] = []
  /// What was chosen where a dialect leaves a choice.
  var choices: [DialectChoice] = []
  /// Web origins whose pages may call, besides ``ServingConfiguration/origins``: where the old front ends are
  /// developed.
  var origins = [3_000, 3_001, 4_200].flatMap { ["http://localhost:\($0)", "http://127.0.0.1:\($0)"] }
}

/// A listener whose root is a dialect: `realtime=127.0.0.1:5000`.
struct DialectListener: Sendable, Equatable, CustomStringConvertible {
  /// The dialect's name.
  let dialect: String
  /// Where.
  let address: ListenAddress

  /// As the setting is written.
  var description: String { "\(dialect)=\(address)" }

  init(setting text: String) throws(Complaint) {
    guard let equals = text.firstIndex(of: "=") else {
      throw Complaint("has '\(text)', and takes name=address:port, as in realtime=127.0.0.1:5000")
    }
    dialect = try Setting.dialect(String(text[..<equals])).name
    address = try ListenAddress(setting: String(text[text.index(after: equals)...]))
  }
}

/// What was chosen for one option of one dialect: `umoc.case=lowercase`.
struct DialectChoice: Sendable, Equatable, CustomStringConvertible {
  /// The dialect's name.
  let dialect: String
  /// The option's name.
  let option: String
  /// What was chosen.
  let value: String

  /// As the setting is written.
  var description: String { "\(dialect).\(option)=\(value)" }

  init(setting text: String) throws(Complaint) {
    let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
    let names = (sides.first ?? "").split(separator: ".", maxSplits: 1).map(String.init)
    guard sides.count == 2, names.count == 2 else {
      throw Complaint("has '\(text)', and takes dialect.option=value, as in realtime.password_min=8")
    }
    let dialect = try Setting.dialect(names[0])
    guard let option = dialect.options.first(where: { $0.name == names[1] }) else {
      let known = dialect.options.map(\.name).joined(separator: ", ")
      throw Complaint("names '\(names[1])'; \(dialect.name) has: \(known)")
    }
    guard option.allows(sides[1]) else {
      let allowed =
        option.choices.isEmpty ? "a number from 1 to \(Option.numberMax)" : option.choices.joined(separator: ", ")
      throw Complaint("has '\(sides[1])' for \(names.joined(separator: ".")), which takes \(allowed)")
    }
    (self.dialect, self.option, value) = (names[0], names[1], sides[1])
  }
}
