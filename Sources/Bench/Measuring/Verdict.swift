import JSONText

/// What the check of all deliveries has found; anything but zeros fails the run, doubt and paging excepted.
struct Verdict: Sendable, Equatable {
  /// Deliveries that were looked at.
  var checked: Int64 = 0
  /// Entries that an acknowledgement had promised and a listener never got.
  var lost: Int64 = 0
  /// Entries that a listener got twice, and messages that are stored twice.
  var repeated: Int64 = 0
  /// Entries that came after later ones.
  var reordered: Int64 = 0
  /// Entries that were none of a listener's, or differ from what was sent or acknowledged.
  var foreign: Int64 = 0
  /// Sends that nobody answered: stored or not, so neither lost nor twice.
  var inDoubt: Int64 = 0
  /// Entries that a resume named as too far behind: by design paged from the history, so not lost.
  var behind: Int64 = 0

  /// Sockets that were not there when it was judged: what they would have heard nobody knows.
  var absent: Int64 = 0

  /// Nothing found.
  init() {}

  /// Whether the promise was kept to all who were there.
  var isKept: Bool { lost == 0 && repeated == 0 && reordered == 0 && foreign == 0 }

  /// Whether the promise was kept, and everybody was there.
  var isClean: Bool { isKept && absent == 0 }

  /// Adds what another worker found.
  mutating func merge(_ other: Verdict) {
    for row in Self.rows { self[keyPath: row.1] &+= other[keyPath: row.1] }
  }

  private static let rows: [(String, any WritableKeyPath<Verdict, Int64> & Sendable)] = [
    ("checked", \.checked), ("lost", \.lost), ("repeated", \.repeated), ("reordered", \.reordered),
    ("foreign", \.foreign), ("in_doubt", \.inDoubt), ("behind", \.behind), ("absent", \.absent),
  ]

  /// As JSON.
  var json: JSONValue {
    var object = JSONObject()
    for (name, path) in Self.rows { object[name] = .integer(self[keyPath: path]) }
    return .object(object)
  }

  /// Reads what ``json`` has written; what is missing is 0.
  init(_ json: JSONValue?) {
    for (name, path) in Self.rows { self[keyPath: path] = json?[name]?.integer ?? 0 }
  }

  /// One line for a person.
  var sentence: String {
    let faults = "\(lost) lost, \(repeated) repeated, \(reordered) reordered, \(foreign) foreign"
    let missing = absent > 0 ? "; \(absent) sockets are not there" : ""
    let rest = missing + (inDoubt > 0 ? "; \(inDoubt) sends unanswered" : "") + (behind > 0 ? "; \(behind) paged" : "")
    return "\(Words.number(Double(checked))) deliveries checked: \(faults)\(rest)"
  }
}
