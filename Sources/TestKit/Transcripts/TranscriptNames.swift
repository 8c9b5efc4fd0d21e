import JSONText

/// What a story's names stand for so far.
public struct TranscriptNames: Sendable {
  private let mark: String
  private var bound: [String: JSONValue] = [:]

  /// Names that are this story's own end in `mark`.
  public init(mark: String = String(UInt32.random(in: .min ... .max), radix: 36)) { self.mark = mark }

  // MARK: What is sent

  /// Replaces each `${name}`.
  public func text(_ template: String) -> String {
    var out = ""
    var rest = template[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      out += rest[..<start.lowerBound]
      let name = String(rest[start.upperBound..<end])
      out += bound[name].map { $0.string ?? $0.text } ?? "\(name)_\(mark)"
      rest = rest[rest.index(after: end)...]
    }
    return out + rest
  }

  /// A JSON text whose strings `"$name"` become what was bound.
  func value(_ template: String, line: Int) throws(TranscriptFailure) -> JSONValue {
    filled(try parsed(template, line: line))
  }

  private func parsed(_ template: String, line: Int) throws(TranscriptFailure) -> JSONValue {
    guard let value = try? JSONValue(parsing: text(template)) else {
      throw TranscriptFailure(line: line, "this is no JSON: \(text(template))")
    }
    return value
  }

  private func filled(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text) where text.hasPrefix("$"): return bound[String(text.dropFirst())] ?? value
    case .array(let elements): return .array(elements.map { filled($0) })
    case .object(let object):
      var filledIn = JSONObject()
      for entry in object.entries { filledIn[entry.name] = filled(entry.value) }
      return .object(filledIn)
    default: return value
    }
  }

  // MARK: What is expected

  /// What is wrong with a value, and nothing is bound then; nil when it fits.
  mutating func mismatch(_ template: String, _ actual: JSONValue, line: Int) throws(TranscriptFailure) -> String? {
    let pattern = try parsed(template, line: line)
    var after = self
    let wrong = after.compare(pattern, actual, at: "")
    if wrong == nil { self = after }
    return wrong
  }

  private mutating func compare(_ pattern: JSONValue, _ actual: JSONValue, at place: String) -> String? {
    switch (pattern, actual) {
    case (.string("$any"), _): return nil
    case (.string(let text), _) where text.hasPrefix("$"):
      let name = String(text.dropFirst())
      guard let known = bound[name] else {
        bound[name] = actual
        return nil
      }
      return known == actual ? nil : "\(place) is \(actual.text), and \(name) was \(known.text)"
    case (.object(let members), .string(let text)) where members.names == ["$text"]:
      guard let inner = try? JSONValue(parsing: text) else { return "\(place) is no text of JSON" }
      return compare(members["$text"] ?? .null, inner, at: place)
    case (.object(let members), .object(let found)): return compare(members, found, at: place)
    case (.array(let elements), .array(let found)):
      guard elements.count == found.count else { return "\(place) has \(found.count) elements, not \(elements.count)" }
      for (index, pair) in zip(elements, found).enumerated() {
        if let wrong = compare(pair.0, pair.1, at: "\(place)/\(index)") { return wrong }
      }
      return nil
    default: return pattern == actual ? nil : "\(place) is \(actual.text), not \(pattern.text)"
    }
  }

  private mutating func compare(_ members: JSONObject, _ found: JSONObject, at place: String) -> String? {
    for entry in members.entries where entry.name != "..." {
      guard let value = found[entry.name] else { return "\(place)/\(entry.name) is missing" }
      if let wrong = compare(entry.value, value, at: "\(place)/\(entry.name)") { return wrong }
    }
    guard members["..."] == nil else { return nil }
    return found.names.first { members[$0] == nil }.map { "\(place)/\($0) is not expected" }
  }

  /// Binds the `${names}` of a header's pattern; false when it does not fit.
  mutating func matches(header pattern: String, _ actual: String) -> Bool {
    var (pattern, actual) = (pattern[...], actual[...])
    while let next = pattern.first {
      if next == "*" { return true }
      if pattern.hasPrefix("${"), let end = pattern.firstIndex(of: "}") {
        let name = String(pattern.dropFirst(2)[..<end])
        pattern = pattern[pattern.index(after: end)...]
        let value = actual.prefix { $0 != pattern.first }
        bound[name] = .string(String(value))
        actual = actual.dropFirst(value.count)
      } else {
        guard actual.first == next else { return false }
        (pattern, actual) = (pattern.dropFirst(), actual.dropFirst())
      }
    }
    return actual.isEmpty
  }
}
