/// Which setting somebody may have meant.
enum SettingName {
  /// Letters that may be wrong, missing or too many.
  static let distanceMax = 3

  /// The known name with the fewest different letters; nil when none is near.
  static func nearest(to name: String, among known: [String]) -> String? {
    let ranked = known.map { (name: $0, distance: distance(name, $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= distanceMax else { return nil }
    return best.name
  }

  /// How many letters have to be changed, added or taken away to make one of the other (Levenshtein).
  static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (index, letter) in left.utf8.prefix(256).enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in right.enumerated() {
        let above = row[column + 1]
        row[column + 1] = letter == other ? diagonal : 1 + min(diagonal, above, row[column])
        diagonal = above
      }
    }
    return row[right.count]
  }
}
