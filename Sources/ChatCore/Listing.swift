/// One page of a list, and where the next begins.
public struct Listing<Item: Sendable & Hashable, Cursor: Sendable & Hashable>: Sendable, Hashable {
  /// The page, ascending by what the cursor names.
  public let items: [Item]
  /// What to ask for next, `after` it; nil on the last page.
  public let next: Cursor?

  /// Cuts a page out of `limit + 1` items that were asked for: the one too many says that there is more.
  init(_ found: [Item], limit: Int, cursor: (Item) -> Cursor) {
    items = Array(found.prefix(limit))
    next = found.count > limit ? items.last.map(cursor) : nil
  }
}
