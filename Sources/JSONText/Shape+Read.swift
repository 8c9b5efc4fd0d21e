extension Shape {
  /// Checks a value against the rows.
  ///
  /// - Throws: ``ShapeErrors`` with all that is wrong; the client corrects it, repeating does not help.
  public func read(_ value: JSONValue) throws(ShapeErrors) -> Members {
    var faults = FaultList()
    let members = read(value, at: .top, &faults)
    guard faults.faults.isEmpty else { throw ShapeErrors(faults.faults) }
    return Members(members)
  }

  /// What is right of the value; what is wrong goes to the faults.
  func read(_ value: JSONValue, at place: Place, _ faults: inout FaultList) -> JSONObject {
    guard let object = value.object else {
      faults.add(place, .wrongType, "must be an object, not \(value.kindName)")
      return JSONObject()
    }
    switch body {
    case .fields(let fields): return Self.read(object, fields, at: place, &faults)
    case .variants(let member, let variants):
      let decider = Self.decider(member, variants)
      guard let word = Self.read(object[member], decider, at: place, &faults)?.string,
        let variant = variants.first(where: { $0.word == word })
      else { return JSONObject() }
      return Self.read(object, [decider] + variant.fields, at: place, &faults)
    }
  }

  private static func read(
    _ object: JSONObject, _ fields: [Field], at place: Place, _ faults: inout FaultList
  ) -> JSONObject {
    var result = JSONObject()
    var known = 0
    for field in fields {
      let value = object[field.name]
      if value != nil { known += 1 }
      if let right = read(value, field, at: place, &faults) { result.insert(field.name, right) }
    }
    guard known < object.count else { return result }
    let names = Set(fields.map(\.name))
    for entry in object.entries where !names.contains(entry.name) {
      faults.add(place.member(entry.name), .unknownMember, "is not a member of this object")
    }
    return result
  }

  private static func read(
    _ value: JSONValue?, _ field: Field, at place: Place, _ faults: inout FaultList
  ) -> JSONValue? {
    let place = place.member(field.name)
    switch (field.need, value) {
    case (.required, nil):
      faults.add(place, .missing, "is missing")
      return nil
    case (.optional, nil), (.optional, .null), (.nullable, nil): return field.standard
    case (.nullable, .null): return .null
    case (_, let value?): return field.kind.check(value, at: place, &faults)
    }
  }
}

extension Field.Kind {
  /// The value if it is right; else nil, and the faults say why.
  func check(_ value: JSONValue, at place: Place, _ faults: inout FaultList) -> JSONValue? {
    switch (self, value) {
    case (.string(let bytes, let pattern), .string(let text)):
      return Self.checkText(text, bytes, pattern, at: place, &faults) ? value : nil
    case (.integer(let range), .integer(let number)):
      if range.contains(number) { return value }
      faults.add(place, .outOfRange, "must be from \(range.lowerBound) to \(range.upperBound)")
      return nil
    case (.number(let range), .integer), (.number(let range), .number):
      if let number = value.number, range.contains(number) { return value }
      faults.add(place, .outOfRange, "must be from \(range.lowerBound) to \(range.upperBound)")
      return nil
    case (.bool, .bool), (.any, _): return value
    case (.oneOf(let words), .string(let text)):
      if words.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return value }
      faults.add(place, .notAllowed, "must be one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))")
      return nil
    case (.array(let kind, let count), .array(let elements)):
      return Self.checkElements(elements, kind, count, at: place, &faults)
    case (.object(let shape), .object): return .object(shape.read(value, at: place, &faults))
    case (.map(let names, let values, let count), .object(let object)):
      return Self.checkMap(object, names, values, count, at: place, &faults)
    default:
      faults.add(place, .wrongType, "must be \(article), not \(value.kindName)")
      return nil
    }
  }

  /// What kind of value is wanted, as a sentence says it.
  var article: String {
    switch self {
    case .string, .oneOf: "a string"
    case .integer: "an integer"
    case .number: "a number"
    case .bool: "a boolean"
    case .array: "an array"
    case .object, .map: "an object"
    case .any: "a value"
    }
  }

  private static func checkText(
    _ text: String, _ bytes: ClosedRange<Int>, _ pattern: TextPattern?, at place: Place, _ faults: inout FaultList
  ) -> Bool {
    let length = text.utf8.count
    if length < bytes.lowerBound {
      faults.add(place, .tooShort, "must have at least \(counted(bytes.lowerBound, "byte"))")
    } else if length > bytes.upperBound {
      faults.add(place, .tooLong, "must have at most \(counted(bytes.upperBound, "byte")) in UTF-8, not \(length)")
    } else if let pattern, !pattern.matches(text) {
      faults.add(place, .invalidFormat, "must be \(pattern.saying)")
    } else {
      return true
    }
    return false
  }

  static func checkCount(
    _ found: Int, _ count: ClosedRange<Int>, _ noun: String, at place: Place, _ faults: inout FaultList
  ) -> Bool {
    if found < count.lowerBound {
      faults.add(place, .tooFew, "must have at least \(counted(count.lowerBound, noun))")
    } else if found > count.upperBound {
      faults.add(place, .tooMany, "must have at most \(counted(count.upperBound, noun))")
    }
    return count.contains(found)
  }

  private static func checkElements(
    _ elements: [JSONValue], _ kind: Field.Kind, _ count: ClosedRange<Int>, at place: Place, _ faults: inout FaultList
  ) -> JSONValue? {
    // Elements past the limit are not looked at: the count says all that is to be said.
    guard checkCount(elements.count, count, "element", at: place, &faults) else { return nil }
    var right: [JSONValue] = []
    for (index, element) in elements.enumerated() {
      if let element = kind.check(element, at: place.element(index), &faults) { right.append(element) }
    }
    return .array(right)
  }

  private static func checkMap(
    _ object: JSONObject, _ names: Field.Kind, _ values: Field.Kind, _ count: ClosedRange<Int>, at place: Place,
    _ faults: inout FaultList
  ) -> JSONValue? {
    guard checkCount(object.count, count, "member", at: place, &faults) else { return nil }
    var right = JSONObject()
    for entry in object.entries {
      let place = place.member(entry.name)
      guard names.checkParameter(entry.name, at: place, &faults) != nil,
        let value = values.check(entry.value, at: place, &faults)
      else { continue }
      right.insert(entry.name, value)
    }
    return .object(right)
  }

  private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
