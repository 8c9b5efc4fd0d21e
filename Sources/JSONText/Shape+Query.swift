extension Shape {
  /// Checks the parameters of a query, decoded, against the rows.
  ///
  /// - Shape: whole numbers are digits; truths are `true` and `false`; arrays have commas between their elements.
  /// - Throws: ``ShapeErrors`` with all that is wrong; the pointer is `/` and the parameter's name.
  public func read(query: [(name: String, value: String)]) throws(ShapeErrors) -> Members {
    var faults = FaultList()
    var given = JSONObject()
    for (name, value) in query where !given.insert(name, .string(value)) {
      faults.add(Place.top.member(name), .repeated, "must be given once")
    }
    var result = JSONObject()
    for field in fields {
      let place = Place.top.member(field.name)
      if let text = given[field.name]?.string {
        if let value = field.kind.checkParameter(text, at: place, &faults) { result.insert(field.name, value) }
      } else if field.need == .required {
        faults.add(place, .missing, "is missing")
      } else if let standard = field.standard {
        result.insert(field.name, standard)
      }
    }
    for entry in given.entries where !fields.contains(where: { $0.name == entry.name }) {
      faults.add(Place.top.member(entry.name), .unknownMember, "is not a parameter of this request")
    }
    guard faults.faults.isEmpty else { throw ShapeErrors(faults.faults) }
    return Members(result)
  }
}

extension Field.Kind {
  /// The value that a parameter's text spells, if it is right; else nil, and the faults say why.
  func checkParameter(_ text: String, at place: Place, _ faults: inout FaultList) -> JSONValue? {
    switch self {
    case .string, .oneOf, .any: return check(.string(text), at: place, &faults)
    case .integer:
      if let number = Self.decimal(text) { return check(.integer(number), at: place, &faults) }
    case .number:
      if let value = try? JSONValue(parsing: text), value.number != nil { return check(value, at: place, &faults) }
    case .bool:
      if text == "true" || text == "false" { return .bool(text == "true") }
    case .array(let kind, let count): return Self.checkList(text, kind, count, at: place, &faults)
    case .object, .map: break
    }
    faults.add(place, .wrongType, "must be \(article)")
    return nil
  }

  private static func checkList(
    _ text: String, _ kind: Field.Kind, _ count: ClosedRange<Int>, at place: Place, _ faults: inout FaultList
  ) -> JSONValue? {
    // One part more than allowed is enough to know that there are too many.
    let parts =
      text.isEmpty ? [] : text.split(separator: ",", maxSplits: count.upperBound, omittingEmptySubsequences: false)
    guard checkCount(parts.count, count, "element", at: place, &faults) else { return nil }
    var elements: [JSONValue] = []
    for (index, part) in parts.enumerated() {
      if let value = kind.checkParameter(String(part), at: place.element(index), &faults) { elements.append(value) }
    }
    return .array(elements)
  }

  /// The whole number that the text spells: digits, perhaps a minus sign, no zero in front, within ±(2^53 - 1).
  private static func decimal(_ text: String) -> Int64? {
    let bytes = text.utf8.span
    let first = bytes.isEmpty || bytes[0] != UInt8(ascii: "-") ? 0 : 1
    if bytes.count > first, bytes[first] == UInt8(ascii: "0"), bytes.count > 1 { return nil }
    return JSONScalar.integer(bytes, bytes.indices)
  }
}
