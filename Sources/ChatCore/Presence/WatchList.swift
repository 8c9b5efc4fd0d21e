/// Which users are watched from which places, and what is known of them; pure.
///
/// A place is a loop of a node, or a session of a loop; who owns the list says which.
///
/// - Limits: one row for each watched user; how many that are, the sessions' limits say.
public struct WatchList<Place: Hashable & Sendable>: Sendable {
  private struct Row: Sendable {
    var places: [Place]
    var known: Presence?
  }

  private var rows: [UserID: Row] = [:]

  /// An empty list.
  public init() {}

  /// The watched users.
  public var users: [UserID] { Array(rows.keys) }

  /// How many there are.
  public var count: Int { rows.count }

  /// Who watches a user.
  public func places(of user: UserID) -> [Place] { rows[user]?.places ?? [] }

  /// What is known of a user, as far as he is watched.
  public func known(of user: UserID) -> Presence? { rows[user]?.known }

  /// A place begins to watch a user: what is known of him, and whether he was not watched before.
  public mutating func watch(_ user: UserID, from place: Place) -> (known: Presence?, isNew: Bool) {
    guard var row = rows[user] else {
      rows[user] = Row(places: [place], known: nil)
      return (nil, true)
    }
    if !row.places.contains(place) {
      row.places.append(place)
      rows[user] = row
    }
    return (row.known, false)
  }

  /// A place watches a user no more; true when nobody does.
  public mutating func unwatch(_ user: UserID, from place: Place) -> Bool {
    guard var row = rows[user] else { return false }
    row.places.removeAll { $0 == place }
    rows[user] = row.places.isEmpty ? nil : row
    return row.places.isEmpty
  }

  /// Takes what was learned; who is to be told, which is nobody when it was known.
  public mutating func learn(_ presence: Presence) -> [Place] {
    guard let row = rows[presence.user], row.known?.status != presence.status else { return [] }
    rows[presence.user]?.known = presence
    return row.places
  }
}
