/// The top level of a small JSON object, as places in its bytes: the hot path of a socket.
///
/// Scanning checks the grammar of the whole text and allocates nothing; only what is asked for becomes a value.
/// - Shape: `{"id":"7","op":"message.send","d":{"conversation":5121,"text":"hi"}}`; ``slice(_:in:)`` finds `op`, and
///   ``JSONSlice/frame(in:)`` scans `d` in the same way.
/// - Limits: at most ``membersMax`` members, names without escapes.
/// - Errors: names repeated at this level are refused here; those deeper, when the deeper value is scanned or read.
public struct JSONFrame: Sendable {
  /// The most members a frame has: the widest one of the protocol has eight.
  public static let membersMax = 12

  private struct Slot {
    var nameStart: UInt32 = 0
    var nameEnd: UInt32 = 0
    var value = JSONSlice()
  }

  // Looked at by one span a question: each other look would copy it whole.
  private var slots = InlineArray<12, Slot>(repeating: Slot())
  /// How many members the frame has.
  public private(set) var count = 0

  /// Scans a text from outside.
  ///
  /// - Throws: ``JSONError``, as reading the text into a tree would.
  public init(scanning bytes: Span<UInt8>, limits: JSONLimits = .frame) throws(JSONError) {
    try JSONLexer.checkText(bytes, limits: limits)
    var scanner = JSONScanner(bytes.indices, limits: limits)
    try self.init(&scanner, bytes, depth: 1)
    try scanner.end(bytes)
  }

  init(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>, depth: Int) throws(JSONError) {
    try scanner.openObject(bytes)
    while let member = try scanner.nextMember(bytes, isFirst: count == 0, depth: depth) {
      guard !member.name.escaped else {
        throw JSONError(reason: .escapedName, offset: member.name.range.lowerBound)
      }
      try add(member, bytes)
    }
  }

  private mutating func add(_ member: JSONScanner.Member, _ bytes: Span<UInt8>) throws(JSONError) {
    guard count < Self.membersMax else {
      throw JSONError(reason: .tooManyMembers, offset: member.name.range.lowerBound)
    }
    for place in 0..<count where sameName(slots.span[place], member.name.range, bytes) {
      throw JSONError(reason: .duplicateName, offset: member.name.range.lowerBound)
    }
    slots[count] = Slot(
      nameStart: UInt32(truncatingIfNeeded: member.name.range.lowerBound),
      nameEnd: UInt32(truncatingIfNeeded: member.name.range.upperBound), value: member.value)
    count += 1
  }

  private func sameName(_ slot: Slot, _ name: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    guard Int(slot.nameEnd &- slot.nameStart) == name.count else { return false }
    for place in 0..<name.count
    where bytes[Int(slot.nameStart) &+ place] != bytes[name.lowerBound &+ place] {
      return false
    }
    return true
  }

  /// The value of that name; `bytes` are the ones that were scanned.
  public func slice(_ name: StaticString, in bytes: Span<UInt8>) -> JSONSlice? {
    let slots = slots.span
    for place in 0..<count
    where JSONSlice.equal(bytes, Int(slots[place].nameStart)..<Int(slots[place].nameEnd), name) {
      return slots[place].value
    }
    return nil
  }

  /// The value of a name that is known at run time only.
  func slice(named name: String, in bytes: Span<UInt8>) -> JSONSlice? {
    var name = name
    return name.withUTF8 { slice($0, in: bytes) }
  }

  private func slice(_ name: UnsafeBufferPointer<UInt8>, in bytes: Span<UInt8>) -> JSONSlice? {
    let slots = slots.span
    for place in 0..<count {
      let (start, end) = (Int(slots[place].nameStart), Int(slots[place].nameEnd))
      guard end &- start == name.count, end <= bytes.count else { continue }
      var same = 0
      while same < name.count, name[same] == bytes[start &+ same] { same &+= 1 }
      if same == name.count { return slots[place].value }
    }
    return nil
  }

  /// Whether the member at a place below ``count`` has that name.
  public func isNamed(_ name: StaticString, at place: Int, in bytes: Span<UInt8>) -> Bool {
    guard (0..<count).contains(place) else { return false }
    return JSONSlice.equal(bytes, Int(slots.span[place].nameStart)..<Int(slots.span[place].nameEnd), name)
  }

  /// The name at a place below ``count``, for refusing a member by name.
  public func name(at place: Int, in bytes: Span<UInt8>) -> String? {
    guard (0..<count).contains(place) else { return nil }
    let range = Int(slots.span[place].nameStart)..<Int(slots.span[place].nameEnd)
    guard range.upperBound <= bytes.count else { return nil }
    return JSONScalar.text(.init(range: range, escaped: false), bytes)
  }
}
