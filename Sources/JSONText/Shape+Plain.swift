extension Shape {
  /// The members of an object inside a scanned text, read without a tree.
  ///
  /// - Returns: nil unless every member is plainly right, of a kind that is no tree itself; then
  ///   ``read(_:)`` says what the object is.
  public func read(_ object: JSONSlice, in bytes: Span<UInt8>) -> Members? {
    guard case .fields(let fields) = body, let frame = try? object.frame(in: bytes) else { return nil }
    var entries: [JSONObject.Entry] = []
    entries.reserveCapacity(fields.count)
    var known = 0
    for field in fields {
      let slice = frame.slice(named: field.name, in: bytes)
      if slice != nil { known += 1 }
      switch field.read(slice, in: bytes) {
      case .nothing: break
      case .value(let value): entries.append(JSONObject.Entry(name: field.name, value: value))
      case .unclear: return nil
      }
    }
    return known == frame.count ? Members(JSONObject(distinct: entries)) : nil
  }
}

extension Field {
  fileprivate enum Reading {
    case nothing
    case value(JSONValue)
    case unclear
  }

  fileprivate func read(_ slice: JSONSlice?, in bytes: Span<UInt8>) -> Reading {
    guard let slice else { return need == .required ? .unclear : absent }
    if slice.kind == .null, need == .optional { return absent }
    switch (kind, slice.kind) {
    case (.string(let range, let pattern), .string):
      guard let text = slice.string(in: bytes), range.contains(text.utf8.count), pattern?.matches(text) ?? true else {
        return .unclear
      }
      return .value(.string(text))
    case (.integer(let range), .integer):
      guard let number = slice.integer(in: bytes), range.contains(number) else { return .unclear }
      return .value(.integer(number))
    case (.oneOf(let words), .string):
      guard let text = slice.string(in: bytes), words.contains(where: { $0.utf8.elementsEqual(text.utf8) }) else {
        return .unclear
      }
      return .value(.string(text))
    default: return .unclear
    }
  }

  private var absent: Reading { standard.map { .value($0) } ?? .nothing }
}
