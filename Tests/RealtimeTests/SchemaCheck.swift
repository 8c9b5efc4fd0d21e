import JSONText

/// Holds values against the schemas of the two documents that a node serves, as far as these use JSON Schema.
///
/// A keyword that it does not know is a fault, so that nothing passes unseen; so is a member that is not described,
/// since a client would not know of it.
struct SchemaCheck {
  /// The documents by the path under which they are served.
  let documents: [String: JSONValue]

  /// A schema and the document in which its own references begin.
  struct Place {
    let path: String
    let schema: JSONValue
  }

  /// What a reference that stands in that document leads to.
  func find(_ reference: String, in path: String) -> Place? {
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let path = parts[0].isEmpty ? path : String(parts[0])
    let found = parts[1].split(separator: "/").reduce(documents[path]) { $0?[String($1)] }
    return found.map { Place(path: path, schema: $0) }
  }

  /// Each fault with the place in the value.
  func faults(_ value: JSONValue, _ schema: JSONValue, in path: String) -> [String] {
    faults(value, Place(path: path, schema: schema), at: "", isWhole: true)
  }

  private func faults(_ value: JSONValue, _ place: Place, at pointer: String, isWhole: Bool) -> [String] {
    if let reference = place.schema["$ref"]?.string {
      guard let found = find(reference, in: place.path) else { return ["\(pointer): \(reference) leads nowhere"] }
      return faults(value, found, at: pointer, isWhole: isWhole)
    }
    var faults: [String] = []
    for (name, rule) in place.schema.object?.entries.map({ ($0.name, $0.value) }) ?? [] {
      if !holds(value, name, rule) { faults.append("\(pointer): \(name) \(rule.text)") }
      if name == "oneOf" {
        let fitting = (rule.array ?? []).filter { self.faults(value, place.with($0), at: "", isWhole: true).isEmpty }
        if fitting.count != 1 { faults.append("\(pointer): fits \(fitting.count) of oneOf") }
      }
      for part in name == "allOf" ? rule.array ?? [] : [] {
        faults += self.faults(value, place.with(part), at: pointer, isWhole: false)
      }
      for (index, element) in (name == "items" ? value.array ?? [] : []).enumerated() {
        faults += self.faults(element, place.with(rule), at: "\(pointer)/\(index)", isWhole: true)
      }
    }
    return faults + ofMembers(value, place, at: pointer, isWhole: isWhole)
  }

  private func ofMembers(_ value: JSONValue, _ place: Place, at pointer: String, isWhole: Bool) -> [String] {
    guard let object = value.object else { return [] }
    let described = described(place)
    var faults: [String] = []
    for member in object.entries {
      let inside = "\(pointer)/\(member.name)"
      if let schema = place.schema["properties"]?[member.name] {
        faults += self.faults(member.value, place.with(schema), at: inside, isWhole: true)
      } else if let schema = place.schema["additionalProperties"], schema.object != nil {
        faults += self.faults(member.value, place.with(schema), at: inside, isWhole: true)
        let name = place.schema["propertyNames"] ?? [:]
        faults += self.faults(.string(member.name), place.with(name), at: inside, isWhole: true)
      } else if isWhole, let described, !described.contains(member.name) {
        faults.append("\(inside): is not described")
      }
    }
    return faults
  }

  /// The members of which an object's schema speaks; nil when it leaves them to others.
  private func described(_ place: Place) -> Set<String>? {
    if let reference = place.schema["$ref"]?.string { return find(reference, in: place.path).flatMap(described) }
    if let parts = place.schema["allOf"]?.array {
      return parts.reduce(into: Set()) { $0.formUnion(described(place.with($1)) ?? []) }
    }
    return place.schema["properties"]?.object.map { Set($0.names) }
  }

  private func holds(_ value: JSONValue, _ name: String, _ rule: JSONValue) -> Bool {
    switch name {
    case "type": (rule.array ?? [rule]).contains { $0.string.map { Self.isA($0, value) } ?? false }
    case "const": value == rule
    case "enum": rule.array?.contains(value) ?? false
    case "required":
      value.object.map { members in rule.array?.allSatisfy { members[$0.string ?? ""] != nil } ?? false } ?? true
    case "minimum": value.number.map { $0 >= rule.number ?? .infinity } ?? true
    case "maximum": value.number.map { $0 <= rule.number ?? -.infinity } ?? true
    case "minLength": value.string.map { $0.unicodeScalars.count >= rule.integer ?? .max } ?? true
    case "maxLength": value.string.map { $0.unicodeScalars.count <= rule.integer ?? -1 } ?? true
    case "x-bytes-max": value.string.map { $0.utf8.count <= rule.integer ?? -1 } ?? true
    case "minItems": value.array.map { $0.count >= rule.integer ?? .max } ?? true
    case "maxItems": value.array.map { $0.count <= rule.integer ?? -1 } ?? true
    case "minProperties": value.object.map { $0.count >= rule.integer ?? .max } ?? true
    case "maxProperties": value.object.map { $0.count <= rule.integer ?? -1 } ?? true
    case "pattern": value.string.map { (try? Regex(rule.string ?? "").firstMatch(in: $0)) != nil } ?? true
    case "oneOf", "allOf", "items", "properties", "additionalProperties", "propertyNames": true
    case "title", "description", "default": true
    default: false
    }
  }

  private static func isA(_ type: String, _ value: JSONValue) -> Bool {
    switch type {
    case "null": value.isNull
    case "boolean": value.bool != nil
    case "integer": value.integer != nil
    case "number": value.number != nil
    case "string": value.string != nil
    case "array": value.array != nil
    case "object": value.object != nil
    default: false
    }
  }
}

extension SchemaCheck.Place {
  func with(_ part: JSONValue) -> SchemaCheck.Place { .init(path: path, schema: part) }
}
