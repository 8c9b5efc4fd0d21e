/// A queue: what went in first comes out first. Taking out costs nothing but now and then a move of what is left.
struct Fifo<Element> {
  private var items: [Element?] = []
  private var head = 0

  var count: Int { items.count - head }
  var isEmpty: Bool { head == items.count }
  var first: Element? { isEmpty ? nil : items[head] }

  /// The one so many places behind the first.
  subscript(place: Int) -> Element? { place < count ? items[head + place] : nil }

  mutating func append(_ item: Element) { items.append(item) }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let item = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: items.count <= 256)
      head = 0
    } else if head >= 64, head * 2 >= items.count {
      items.removeFirst(head)
      head = 0
    }
    return item
  }

  /// Puts something before all others.
  mutating func prepend(_ item: Element) {
    if head > 0 {
      head -= 1
      items[head] = item
    } else {
      items.insert(item, at: 0)
    }
  }

  /// Takes out all that satisfy a condition.
  mutating func removeAll(where condition: (Element) -> Bool) -> [Element] {
    var removed: [Element] = []
    var kept: [Element?] = []
    for case let item? in items[head...] {
      if condition(item) { removed.append(item) } else { kept.append(item) }
    }
    items = kept
    head = 0
    return removed
  }

  /// Whether one of them satisfies a condition.
  func contains(where condition: (Element) -> Bool) -> Bool {
    items[head...].contains { $0.map(condition) ?? false }
  }

  /// How many satisfy a condition.
  func count(where condition: (Element) -> Bool) -> Int {
    items[head...].count { $0.map(condition) ?? false }
  }
}
