/// Suggests users whose names are spelled nearly like one that does not exist.
///
/// Candidates are the names next to the misspelling in the order of their bytes, and next to what it is with one letter
/// left out or two neighbours exchanged; among them those count that differ by at most
/// ``Limits/suggestionDistanceMax`` letters (Levenshtein), without regard to case. So a letter too many and two
/// exchanged are found anywhere, and a wrong or missing one where few names lie between: always when it stands towards
/// the end, and in a small community anywhere.
///
/// - Limits: ``Limits/suggestionsMax`` names, the nearest first, not the caller's own; the query as ``SearchUsers``.
/// - Throws: `.invalid` at `/query`.
public struct SuggestUsernames: Command {
  /// Names on each side of a spelling that are looked at.
  static let each = 64
  /// Letters of the misspelling that are left out or exchanged: most names are shorter.
  static let lettersMax = 12

  /// The misspelling.
  public let query: String

  /// Names it.
  public init(query: String) { self.query = query }

  /// Checks, looks, measures.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [User] {
    var faults = Faults()
    faults.check(query, chat.limits.query)
    try faults.settle()
    let letters = Array(Username.key(of: query))
    let found = try await chat.users.near(keys: Self.spellings(letters).sorted(), each: Self.each)
    let most = chat.limits.suggestionDistanceMax
    let near = found.filter { $0.id != caller.user }.compactMap { user in
      Self.distance(letters, Array(Username.key(of: user.username)), most: most).map { (user: user, distance: $0) }
    }
    let ranked = near.sorted { ($0.distance, $0.user.username) < ($1.distance, $1.user.username) }
    return ranked.prefix(chat.limits.suggestionsMax).map(\.user)
  }

  /// The misspelling itself, and what it is without one letter or with two neighbours exchanged.
  static func spellings(_ letters: [Character]) -> Set<String> {
    var spellings: Set<String> = [String(letters)]
    for index in letters.indices.prefix(lettersMax) {
      spellings.insert(String(letters[..<index] + letters[(index + 1)...]))
      guard index + 1 < letters.count else { continue }
      var exchanged = letters
      exchanged.swapAt(index, index + 1)
      spellings.insert(String(exchanged))
    }
    return spellings.filter { !$0.isEmpty }
  }

  /// How many letters must be put in, left out or replaced; nil when more than `most`.
  static func distance(_ one: [Character], _ other: [Character], most: Int) -> Int? {
    guard abs(one.count - other.count) <= most else { return nil }
    var row = Array(0...other.count)
    for (index, letter) in one.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in other.indices {
        let replaced = diagonal + (letter == other[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row.last.flatMap { $0 <= most ? $0 : nil }
  }
}
