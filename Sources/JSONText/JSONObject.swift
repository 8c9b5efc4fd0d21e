/// The members of a JSON object, in the order of the text, found by name.
///
/// Names are compared by their bytes, not by canonical equivalence: `"K"` is not the Kelvin sign.
/// - Cost: finding is linear up to eight members and hashed beyond, so that 300,000 members cost no square.
public struct JSONObject: Sendable {
  /// One member: its name and value.
  public struct Entry: Sendable, Equatable {
    /// The name, without escapes.
    public var name: String
    /// The value.
    public var value: JSONValue
  }

  /// The members in their order.
  public private(set) var entries: [Entry] = []
  private var places: [ExactName: Int]?

  private static let linearMax = 8
  /// What most objects have no more than.
  private static let firstMembers = 6

  /// An object without members.
  public init() {}

  /// An object of members whose names differ.
  init(distinct entries: [Entry]) {
    self.entries = entries
    if entries.count > Self.linearMax { indexAll() }
  }

  /// How many members there are.
  public var count: Int { entries.count }
  /// Whether there are none.
  public var isEmpty: Bool { entries.isEmpty }
  /// The names in their order.
  public var names: [String] { entries.map(\.name) }

  /// The member of that name; setting replaces in place or appends, setting nil removes.
  public subscript(name: String) -> JSONValue? {
    get { place(of: name).map { entries[$0].value } }
    set {
      switch (place(of: name), newValue) {
      case (let place?, let value?): entries[place].value = value
      case (nil, let value?): append(Entry(name: name, value: value))
      case (let place?, nil): remove(at: place)
      case (nil, nil): break
      }
    }
  }

  /// Appends a member unless the name is taken; says whether it did.
  @discardableResult
  public mutating func insert(_ name: String, _ value: JSONValue) -> Bool {
    guard place(of: name) == nil else { return false }
    append(Entry(name: name, value: value))
    return true
  }

  private func place(of name: String) -> Int? {
    if let places { return places[ExactName(name)] }
    return entries.firstIndex { ExactName.equal($0.name, name) }
  }

  private mutating func append(_ entry: Entry) {
    if entries.capacity == 0 { entries.reserveCapacity(Self.firstMembers) }
    entries.append(entry)
    if places != nil {
      places?[ExactName(entry.name)] = entries.count - 1
    } else if entries.count > Self.linearMax {
      indexAll()
    }
  }

  private mutating func remove(at place: Int) {
    entries.remove(at: place)
    places = nil
    if entries.count > Self.linearMax { indexAll() }
  }

  private mutating func indexAll() {
    var all = [ExactName: Int](minimumCapacity: entries.count * 2)
    for (place, entry) in entries.enumerated() { all[ExactName(entry.name)] = place }
    places = all
  }
}

extension JSONObject: Equatable {
  /// Objects are equal when they have equal members, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.entries.allSatisfy { right[$0.name] == $0.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// An object as written in source; a name written twice keeps the last value.
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    for (name, value) in members { self[name] = value }
  }
}

/// A name that is hashed and compared by its bytes.
private struct ExactName: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func equal(_ left: String, _ right: String) -> Bool {
    // Canonical equivalence says no at once where bytes differ, but for the rare name that only looks the same.
    guard left.utf8.count == right.utf8.count, left == right else { return false }
    let same = left.utf8.withContiguousStorageIfAvailable { left in
      right.utf8.withContiguousStorageIfAvailable { left.elementsEqual($0) }
    }
    return same.flatMap { $0 } ?? left.utf8.elementsEqual(right.utf8)
  }

  static func == (left: ExactName, right: ExactName) -> Bool { equal(left.text, right.text) }

  func hash(into hasher: inout Hasher) {
    let hashed: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if hashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
  }
}
