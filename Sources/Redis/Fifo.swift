/// First in, first out, without moving what waits.
struct Fifo<Element> {
  private var items: [Element?] = []
  private var head = 0

  var count: Int { items.count - head }
  var isEmpty: Bool { count == 0 }

  var first: Element? { head < items.count ? items[head] : nil }

  mutating func append(_ element: Element) { items.append(element) }

  mutating func popFirst() -> Element? {
    guard head < items.count else { return nil }
    let element = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: items.capacity <= 1024)
      head = 0
    } else if head >= 1024, head * 2 >= items.count {
      items.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Replaces the oldest, which must be there.
  mutating func replaceFirst(with element: Element) {
    guard head < items.count else { return }
    items[head] = element
  }

  /// Those that wait, oldest first.
  var waiting: some Sequence<Element> { items[head...].lazy.compactMap { $0 } }

  mutating func removeAll() -> [Element] {
    let all = Array(waiting)
    items = []
    head = 0
    return all
  }
}
