/// Which bytes of a thing a request asks for.
///
/// - Source: RFC 9110 section 14; one range is answered, several are answered with the whole, as it allows.
public enum ByteRange: Sendable, Equatable {
  /// All of it: there is no `Range`, or one that is not understood.
  case whole
  /// These.
  case part(Range<Int64>)
  /// None that exist: 416.
  case unsatisfiable

  /// Reads `Range` of a GET of something with `size` bytes.
  ///
  /// - Parameter current: the tag that `If-Range` must name; a date there asks for the whole.
  public init(_ headers: HeaderFields, size: Int64, current: EntityTag) {
    let values = headers.values(for: "range")
    let conditions = headers.values(for: "if-range")
    self = .whole
    guard values.count == 1, let value = values.first, value.utf8.count <= 128 else { return }
    if !conditions.isEmpty {
      guard conditions.count == 1, let tag = EntityTag(parsing: conditions[0]), tag.matchesStrongly(current) else {
        return
      }
    }
    let sides = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0].lowercased() == "bytes" else { return }
    let ends = sides[1].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = ByteRange.number(ends[0]), let last = ByteRange.number(ends[1]) else { return }
    self = ByteRange.part(first, last, size)
  }

  private static func part(_ first: Int64?, _ last: Int64?, _ size: Int64) -> ByteRange {
    switch (first, last) {
    case (nil, nil): return .whole
    case (nil, let suffix?):
      guard suffix > 0, size > 0 else { return .unsatisfiable }
      return .part(max(0, size - suffix)..<size)
    case (let first?, let last):
      if let last, last < first { return .whole }
      guard first < size else { return .unsatisfiable }
      return .part(first..<min(size, last.map { $0 == .max ? $0 : $0 + 1 } ?? size))
    }
  }

  /// Digits only, or nothing at all; more than fit are as many as fit.
  private static func number(_ text: Substring) -> Int64?? {
    guard !text.isEmpty else { return .some(nil) }
    guard text.utf8.allSatisfy(Byte.isDigit) else { return nil }
    return .some(Int64(text) ?? .max)
  }
}
