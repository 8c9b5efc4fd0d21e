/// Remembers what was lately put or found, and forgets the rest.
///
/// - Limits: between one and two times `generationMax` entries.
struct RecentMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let generationMax: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  init(generationMax: Int) { self.generationMax = generationMax }

  subscript(key: Key) -> Value? { young[key] ?? old[key] }

  mutating func put(_ key: Key, _ value: Value) {
    young[key] = value
    guard young.count >= generationMax else { return }
    old = young
    young = [:]
  }
}
